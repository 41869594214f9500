"""What the API accepts as a provider's credentials, what it says of the rest, and what it shows."""

from typing import Any

import pytest
from marshmallow import ValidationError

from config_service.services.provider_credentials import PROVIDERS, check_complete, is_masked, mask

SES = {"region": "us-east-1", "fromEmail": "noreply@clinic-domain.com"}
KEY = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
MASKED_KEY = {"accessKeyId": "AKIA************MPLE", "secretAccessKey": "********"}
ROLE = "arn:aws:iam::123456789012:role/clinics/mail"
TOPIC = "arn:aws:sns:us-east-1:123456789012:ses-events"
SMTP = {"host": "smtp.clinic.example", "fromEmail": "noreply@clinic.example"}
META = {"phoneNumberId": "106540352242922"}
TWILIO = {"accountSid": "AC" + 32 * "a", "fromNumber": "+14155550100"}
SNS = {"region": "eu-west-1"}

BASES: dict[str, tuple[str, dict[str, Any]]] = {
    "aws_ses": ("email", SES),
    "smtp": ("email", SMTP),
    "meta": ("whatsapp", META),
    "twilio": ("sms", TWILIO),
    "aws_sns": ("sms", SNS),
}


def load(provider: str, **changes: Any) -> dict[str, Any]:
    channel, base = BASES[provider]
    loaded: dict[str, Any] = PROVIDERS[channel][provider].schema().load({**base, **changes})
    return loaded


def errors(provider: str, **changes: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        load(provider, **changes)
    return caught.value.normalized_messages()


def test_the_channels_have_their_providers() -> None:
    assert {channel: set(kinds) for channel, kinds in PROVIDERS.items()} == {
        "email": {"aws_ses", "smtp"},
        "whatsapp": {"meta", "twilio"},
        "sms": {"twilio", "aws_sns"},
    }


@pytest.mark.parametrize(
    ("provider", "changes"),
    [
        ("aws_ses", {}),
        ("aws_ses", {**KEY, "fromName": "My Clinic"}),
        ("aws_ses", MASKED_KEY),
        ("aws_ses", {"accessKeyId": "********"}),
        (
            "aws_ses",
            {
                "roleArn": ROLE,
                "configurationSetName": "a-B_9",
                "snsTopicArn": TOPIC,
                "replyTo": "desk@clinic.example",
            },
        ),
        ("aws_ses", {"fromEmail": "noreply@bücher.example", "fromName": 'Müller, "Haus"'}),
        ("aws_ses", {"region": "us-gov-west-1", "roleArn": "arn:aws-us-gov:iam::123456789012:role/mail"}),
        ("smtp", {"port": 465, "encryption": "tls", "username": "mailer", "password": "two words"}),
        ("smtp", {"host": "192.0.2.1", "port": 25, "encryption": "none", "password": "********"}),
        ("smtp", {"host": "2001:db8::1", "port": 25, "encryption": "none"}),
        (
            "meta",
            {
                "accessToken": "EAAG",
                "appSecret": "x",
                "businessAccountId": "102290129340398",
                "apiVersion": "v21.0",
            },
        ),
        ("twilio", {"authToken": "********"}),
        ("aws_sns", {**KEY, "senderId": "CLINIC"}),
        ("aws_sns", {"region": "cn-north-1"}),
    ],
)
def test_what_is_right_is_taken_as_it_was_sent(provider: str, changes: dict[str, Any]) -> None:
    sent = {**BASES[provider][1], **changes}
    assert load(provider, **changes) == (
        {"port": 587, "encryption": "starttls"} | sent if provider == "smtp" else sent
    )


@pytest.mark.parametrize("provider", BASES)
def test_an_optional_null_counts_as_absent(provider: str) -> None:
    channel, base = BASES[provider]
    optional = {
        name: None
        for name, field in PROVIDERS[channel][provider].schema().fields.items()
        if name not in base and not field.required
    }
    assert optional
    assert load(provider, **optional) == load(provider)


@pytest.mark.parametrize(
    ("provider", "changes", "field", "said"),
    [
        ("aws_ses", {"region": "us-est-1"}, "region", "'us-est-1' is no AWS region that offers SES; did you mean us-east-1?"),
        ("aws_ses", {"region": None}, "region", "required"),
        ("aws_ses", {"region": 7}, "region", "text"),
        ("aws_ses", {"accessKeyId": "akia"}, "accessKeyId", "AKIAIOSFODNN7EXAMPLE"),
        ("aws_ses", {"accessKeyId": "ASIAIOSFODNN7EXAMPLE"}, "accessKeyId", "expire"),
        ("aws_ses", {"accessKeyId": "AKIAIOSFODNN7EXAMPLE\n"}, "accessKeyId", "AKIA"),
        ("aws_ses", {"secretAccessKey": " padded "}, "secretAccessKey", "paste it again"),
        ("aws_ses", {"secretAccessKey": ""}, "secretAccessKey", "paste it again"),
        ("aws_ses", {"roleArn": "arn:aws:iam::1234:role/mail"}, "roleArn", "role's ARN"),
        ("aws_ses", {"roleArn": "arn:aws:iam::123456789012:user/mail"}, "roleArn", "role's ARN"),
        ("aws_ses", {**KEY, "roleArn": ROLE}, "roleArn", "not both"),
        ("aws_ses", {**KEY, "roleArn": ROLE}, "accessKeyId", "not both"),
        ("aws_ses", {"secretAccessKey": "********", "roleArn": ROLE}, "secretAccessKey", "not both"),
        ("aws_ses", {"fromEmail": "My Clinic <noreply@clinic.example>"}, "fromEmail", "fromName"),
        ("aws_ses", {"fromEmail": "noreply"}, "fromEmail", "no email address"),
        ("aws_ses", {"fromEmail": "a@b.example, c@d.example"}, "fromEmail", "no email address"),
        ("aws_ses", {"fromEmail": "nöreply@clinic.example"}, "fromEmail", "no email address"),
        ("aws_ses", {"fromEmail": "a@clinic.example\r\nBcc: x@y.example"}, "fromEmail", "no email address"),
        ("aws_ses", {"fromEmail": None}, "fromEmail", "required"),
        ("aws_ses", {"fromName": "Clinic\r\nBcc: x"}, "fromName", "one line"),
        ("aws_ses", {"fromName": "  "}, "fromName", "one line"),
        ("aws_ses", {"fromName": 201 * "x"}, "fromName", "200"),
        ("aws_ses", {"replyTo": "Desk <desk@clinic.example>"}, "replyTo", "without a name"),
        ("aws_ses", {"configurationSetName": "my set"}, "configurationSetName", "64"),
        ("aws_ses", {"configurationSetName": 65 * "x"}, "configurationSetName", "64"),
        ("aws_ses", {"snsTopicArn": "arn:aws:sqs:us-east-1:123456789012:q"}, "snsTopicArn", "topic's ARN"),
        ("aws_ses", {"snsTopicArn": TOPIC + ".fifo"}, "snsTopicArn", "FIFO"),
        ("aws_ses", {"snsTopicArn": TOPIC.replace("us-east-1", "eu-west-1")}, "snsTopicArn", "The topic is in eu-west-1"),
        ("aws_ses", {"externalId": "mine"}, "externalId", "GET shows it"),
        ("aws_ses", {"externalId": None}, "externalId", "GET shows it"),
        ("aws_ses", {"accesKeyId": "x"}, "accesKeyId", "Did you mean accessKeyId?"),
        ("aws_ses", {"zzz": "x"}, "zzz", "It takes accessKeyId"),
        ("smtp", {"host": "https://smtp.clinic.example"}, "host", "neither scheme nor port"),
        ("smtp", {"host": "smtp.clinic.example:25"}, "host", "neither scheme nor port"),
        ("smtp", {"host": "smtp.clinic.example\n"}, "host", "no host name"),
        ("smtp", {"host": ""}, "host", "no host name"),
        ("smtp", {"port": 0}, "port", "1 to 65535"),
        ("smtp", {"port": 65536}, "port", "1 to 65535"),
        ("smtp", {"port": "587x"}, "port", "whole number"),
        ("smtp", {"encryption": "ssl"}, "encryption", "starttls, tls, none"),
        ("smtp", {"password": "a\nb"}, "password", "paste it again"),
        ("smtp", {"region": "us-east-1"}, "region", "no field region"),
        ("meta", {"phoneNumberId": "+14155550100"}, "phoneNumberId", "digits only"),
        ("meta", {"apiVersion": "21"}, "apiVersion", "v21.0"),
        ("twilio", {"accountSid": "AC12"}, "accountSid", "32 hexadecimal"),
        ("twilio", {"fromNumber": "0415"}, "fromNumber", "+14155550100"),
        ("twilio", {"fromNumber": None}, "messagingServiceSid", "exactly one"),
        ("twilio", {"messagingServiceSid": "MG" + 32 * "0"}, "fromNumber", "exactly one"),
        ("aws_sns", {"region": "us-est-1"}, "region", "offers SNS"),
        ("aws_sns", {"senderId": "TOO-LONG-FOR-SMS"}, "senderId", "1 to 11"),
        ("aws_sns", {"senderId": "12345"}, "senderId", "at least one letter"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_what_to_do(
    provider: str, changes: dict[str, Any], field: str, said: str
) -> None:
    assert said in errors(provider, **changes)[field][0]


def test_all_that_is_wrong_is_said_at_once() -> None:
    assert errors("aws_ses", region="x", fromEmail="x", fromName="\n", externalId="x").keys() == {
        "region",
        "fromEmail",
        "fromName",
        "externalId",
    }


def test_credentials_that_are_no_object_are_refused() -> None:
    with pytest.raises(ValidationError):
        PROVIDERS["email"]["aws_ses"].schema().load(["region"])


def test_no_secret_is_quoted_back() -> None:
    said = str(errors("aws_ses", secretAccessKey="my secret", accessKeyId="my id"))
    assert "my secret" not in said
    assert "my id" not in said


@pytest.mark.parametrize(
    ("provider", "credentials", "fields"),
    [
        ("aws_ses", {**SES, **KEY}, set()),
        ("aws_ses", {**SES, "roleArn": ROLE}, set()),
        ("aws_ses", SES, set()),
        ("aws_ses", {**SES, "accessKeyId": "AKIAIOSFODNN7EXAMPLE"}, {"secretAccessKey"}),
        ("aws_ses", {**SES, "secretAccessKey": "x"}, {"accessKeyId"}),
        ("aws_ses", {**SES, **KEY, "roleArn": ROLE}, {"accessKeyId", "secretAccessKey", "roleArn"}),
        ("aws_ses", {**SES, **MASKED_KEY}, {"accessKeyId", "secretAccessKey"}),
        ("smtp", SMTP, set()),
        ("smtp", {**SMTP, "username": "mailer", "password": "x"}, set()),
        ("smtp", {**SMTP, "username": "mailer"}, {"password"}),
        ("smtp", {**SMTP, "password": "x"}, {"username"}),
        ("smtp", {**SMTP, "username": "mailer", "password": "********"}, {"password"}),
        ("meta", {**META, "accessToken": "x"}, set()),
        ("meta", META, {"accessToken"}),
        ("twilio", {**TWILIO, "authToken": "x"}, set()),
        ("twilio", TWILIO, {"authToken"}),
        ("aws_sns", {**SNS, "secretAccessKey": "x"}, {"accessKeyId"}),
    ],
)
def test_merged_credentials_must_be_usable_as_they_are(
    provider: str, credentials: dict[str, Any], fields: set[str]
) -> None:
    assert incomplete(provider, credentials) == fields


def incomplete(provider: str, credentials: dict[str, Any]) -> set[str]:
    try:
        check_complete(provider, credentials)
    except ValidationError as error:
        return set(error.normalized_messages())
    return set()


@pytest.mark.parametrize(
    ("provider", "field", "value", "shown"),
    [
        ("aws_ses", "accessKeyId", "AKIAIOSFODNN7EXAMPLE", "AKIA************MPLE"),
        ("aws_sns", "accessKeyId", "AKIAIOSFODNN7EXAMPLE", "AKIA************MPLE"),
        ("aws_ses", "accessKeyId", "AKIASHORT", "********"),
        ("aws_ses", "secretAccessKey", KEY["secretAccessKey"], "********"),
        ("smtp", "password", "x", "********"),
        ("meta", "appSecret", "x", "********"),
        ("twilio", "authToken", "x", "********"),
        ("aws_ses", "region", "us-east-1", "us-east-1"),
        ("from_a_direct_update", "region", "anything", "********"),
    ],
)
def test_get_shows_secrets_masked_and_the_rest_as_it_is(
    provider: str, field: str, value: str, shown: str
) -> None:
    assert mask(provider, field, value) == shown
    assert is_masked(shown) is (shown != value)


@pytest.mark.parametrize(
    "value", ["", "*", "*******", "AKIA***MPLE", "AKIAIOSFODNN7EXAMPLE", None, 8, "x********", "********\n"]
)
def test_what_was_never_shown_is_not_taken_for_a_mask(value: object) -> None:
    assert not is_masked(value)


def test_every_field_is_described_for_the_documentation() -> None:
    for kinds in PROVIDERS.values():
        for kind in kinds.values():
            schema = kind.schema()
            assert kind.secrets <= schema.fields.keys()
            assert set(kind.identity) <= schema.fields.keys()
            for field in schema.fields.values():
                assert field.metadata["description"].endswith(".")
                assert field.metadata["example"]


@pytest.mark.parametrize("provider", BASES)
def test_the_examples_in_the_documentation_are_accepted(provider: str) -> None:
    schema = PROVIDERS[BASES[provider][0]][provider].schema()
    for name, field in schema.fields.items():
        field.deserialize(field.metadata["example"], name, {})
