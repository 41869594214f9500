"""The communication configuration over HTTP: what is replaced, what stays, what is refused."""

from typing import Any

import pytest

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter

ROLE = "arn:aws:iam::123456789012:role/clinic-email"
SMTP = {
    "host": "smtp.clinic.example",
    "port": 587,
    "username": "mailer",
    "password": "hunter2-hunter2",
    "encryption": "starttls",
    "fromEmail": "front@smtp-clinic.example",
}


def smtp(**changes: Any) -> dict[str, Any]:
    return {"provider": "smtp", "credentials": {**SMTP, **changes}}


def email_of(of: Any, clinic_id: str = "c1") -> dict[str, Any]:
    shown: dict[str, Any] = of(clinic_id, "GET", "config").json["config"]["email"]
    return shown


def fallbacks(of: Any) -> list[str]:
    return [entry["credentials"].get("host", entry["provider"]) for entry in email_of(of)["fallback"]]


def test_ses_becomes_the_primary_and_another_primary_the_first_fallback(of: Any, ses: Any) -> None:
    given = {
        "primary": smtp(host="first.example"),
        "fallback": [smtp(host="second.example"), smtp(host="third.example")],
        "defaultFrom": "front@smtp-clinic.example",
        "defaultFromName": "Front desk",
    }
    assert of("c1", "PUT", "config", {"email": given}).status_code == 200

    of("c1", "PUT", "ses", ses)

    email = email_of(of)
    assert email["primary"]["provider"] == "aws_ses"
    assert fallbacks(of) == ["first.example", "second.example", "third.example"]
    assert (email["defaultFrom"], email["defaultFromName"]) == ("front@smtp-clinic.example", "Front desk")


@ON_SQLITE
def test_ses_that_was_primary_is_replaced_and_not_demoted(of: Any, ses: Any) -> None:
    of("c1", "PUT", "ses", ses)

    of("c1", "PUT", "ses", {**ses, "region": "eu-west-1"})

    assert (email_of(of)["primary"]["credentials"]["region"], fallbacks(of)) == ("eu-west-1", [])


@ON_SQLITE
def test_ses_that_was_the_same_fallback_does_not_stand_twice(of: Any, ses: Any) -> None:
    entry = {
        "provider": "aws_ses",
        "credentials": {**ses, "accessKeyId": None, "secretAccessKey": None, "roleArn": ROLE},
    }
    of("c1", "PUT", "config", {"email": {"primary": smtp(), "fallback": [entry]}})

    of("c1", "PUT", "ses", {name: value for name, value in entry["credentials"].items() if value is not None})

    assert fallbacks(of) == ["smtp.clinic.example"]


@ON_SQLITE
def test_ses_set_up_leaves_the_other_channels_alone(of: Any, ses: Any) -> None:
    sms = {"primary": {"provider": "aws_sns", "credentials": {"region": "us-east-1"}}}
    of("c1", "PUT", "config", {"sms": sms})
    before = of("c1", "GET", "config").json["config"]["sms"]

    of("c1", "PUT", "ses", ses)

    assert of("c1", "GET", "config").json["config"]["sms"] == before != {"primary": None, "fallback": []}


def test_an_absent_channel_stays_and_null_empties_one(of: Any, ses: Any) -> None:
    of("c1", "PUT", "ses", ses)
    of(
        "c1",
        "PUT",
        "config",
        {"sms": {"primary": {"provider": "aws_sns", "credentials": {"region": "us-east-1"}}}},
    )
    of("c1", "PUT", "config", {})
    kept = of("c1", "GET", "config").json["config"]

    of("c1", "PUT", "config", {"sms": None})

    emptied = of("c1", "GET", "config").json["config"]
    assert kept["email"]["primary"]["provider"] == "aws_ses"
    assert kept["sms"]["primary"]["provider"] == "aws_sns"
    assert emptied["email"] == kept["email"]
    assert emptied["sms"] == {"primary": None, "fallback": []}


@ON_SQLITE
def test_null_empties_email_with_its_default_sender(of: Any, ses: Any) -> None:
    of("c1", "PUT", "config", {"email": {"primary": smtp(), "defaultFrom": "a@smtp-clinic.example"}})

    of("c1", "PUT", "config", {"email": None})

    empty = {"primary": None, "fallback": [], "defaultFrom": None, "defaultFromName": None}
    assert email_of(of) == empty


@ON_SQLITE
def test_a_priority_that_is_not_given_follows_from_the_place(of: Any) -> None:
    body = {
        "email": {
            "primary": smtp(),
            "fallback": [smtp(host="b.example"), {**smtp(host="c.example"), "priority": 9}],
        }
    }

    of("c1", "PUT", "config", body)

    email = email_of(of)
    assert [entry["priority"] for entry in (email["primary"], *email["fallback"])] == [1, 2, 9]


@ON_SQLITE
def test_a_disabled_provider_stays_stored(of: Any, ses: Any) -> None:
    of("c1", "PUT", "ses", {**ses, "enabled": False})

    assert email_of(of)["primary"]["enabled"] is False


def test_a_role_is_shown_as_it_is_and_the_external_id_stays_for_good(of: Any, ses: Any) -> None:
    with_role = {"region": "us-east-1", "roleArn": ROLE, "fromEmail": ses["fromEmail"]}
    of("c1", "PUT", "ses", ses)
    first = of("c1", "GET", "config").json["config"]

    of("c1", "PUT", "ses", with_role)

    second = of("c1", "GET", "config").json["config"]
    assert second["email"]["primary"]["credentials"] == with_role
    assert second["externalId"] == first["externalId"]


@ON_SQLITE
def test_every_clinic_has_an_external_id_of_its_own(of: Any, set_up: Any) -> None:
    set_up("c1", fromEmail="a@one.example")
    set_up("c2", fromEmail="a@two.example")

    ids = {of(clinic, "GET", "config").json["config"]["externalId"] for clinic in ("c1", "c2")}

    assert len(ids) == 2


@ON_SQLITE
def test_only_the_time_of_the_last_change_moves(of: Any, set_up: Any, clock: Any) -> None:
    set_up("c1")
    clock.advance(60_000)
    set_up("c1", fromName="New name")

    config = of("c1", "GET", "config").json["config"]

    assert (config["createdAt"], config["updatedAt"]) == (
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:01:00+00:00",
    )


SES_REFUSALS = {
    "a region that does not exist": ({"region": "us-esat-1"}, "region", "did you mean us-east-1?"),
    "no region": ({"region": None}, "region", "required"),
    "a sender that is no address": ({"fromEmail": "clinic-domain.example"}, "fromEmail", "no email address"),
    "a sender with its name": (
        {"fromEmail": "My Clinic <a@b.example>"},
        "fromEmail",
        "put the name into fromName",
    ),
    "no sender": ({"fromEmail": None}, "fromEmail", "required"),
    "a reply address with a name": ({"replyTo": "Me <a@b.example>"}, "replyTo", "only the address"),
    "a line break in the name": ({"fromName": "Clinic\r\nBcc: all@example.com"}, "fromName", "one line"),
    "another kind of line break": ({"fromName": "Clinic\u2028Bcc"}, "fromName", "one line"),
    "a temporary key": ({"accessKeyId": "ASIAIOSFODNN7EXAMPLE"}, "accessKeyId", "temporary"),
    "a secret with a space": ({"secretAccessKey": "two words"}, "secretAccessKey", "paste it again"),
    "a number for a key": ({"secretAccessKey": 5}, "secretAccessKey", "text in quotes"),
    "key and role": ({"roleArn": ROLE}, "roleArn", "not both"),
    "half a pair": ({"secretAccessKey": None}, "secretAccessKey", "together"),
    "the other half": ({"accessKeyId": None}, "accessKeyId", "together"),
    "a role of nothing": (
        {"accessKeyId": None, "secretAccessKey": None, "roleArn": "admin"},
        "roleArn",
        "no role's ARN",
    ),
    "an external id": ({"externalId": "mine"}, "externalId", "cannot be set"),
    "a topic that is none": ({"snsTopicArn": "my-topic"}, "snsTopicArn", "no topic's ARN"),
    "a topic elsewhere": (
        {"snsTopicArn": "arn:aws:sns:eu-west-1:123456789012:t"},
        "snsTopicArn",
        "publishes only",
    ),
    "a FIFO topic": ({"snsTopicArn": "arn:aws:sns:us-east-1:123456789012:t.fifo"}, "snsTopicArn", "standard"),
    "a configuration set with a space": (
        {"configurationSetName": "my set"},
        "configurationSetName",
        "hyphens",
    ),
}


@ON_SQLITE
@pytest.mark.parametrize(("changes", "field", "words"), SES_REFUSALS.values(), ids=SES_REFUSALS)
def test_ses_set_up_refuses_by_field_and_stores_nothing(
    of: Any, ses: Any, changes: Any, field: str, words: str
) -> None:
    refused = of("c1", "PUT", "ses", {**ses, **changes})

    assert (refused.status_code, refused.json["success"]) == (422, False)
    assert words in refused.json["errors"][field][0]
    assert of("c1", "GET", "config").status_code == 404


@ON_SQLITE
@pytest.mark.parametrize(("name", "words"), [("regoin", "Unknown field"), ("password", "Unknown field")])
def test_ses_set_up_refuses_a_field_that_it_does_not_know(of: Any, ses: Any, name: str, words: str) -> None:
    refused = of("c1", "PUT", "ses", {**ses, name: "x"})

    assert refused.status_code == 422
    assert words in refused.json["errors"][name][0]


def _in(channel: str, **entry: Any) -> dict[str, Any]:
    return {channel: {"primary": entry}}


CONFIG_REFUSALS = {
    "a channel nobody has": ({"fax": {}}, ("fax",), "Unknown field"),
    "the external id": ({"externalId": "mine"}, ("externalId",), "cannot be chosen"),
    "a channel that is a list": ({"email": []}, ("email", "_schema"), "Invalid input type"),
    "a field of the channel": ({"email": {"primry": None}}, ("email", "primry"), "Unknown field"),
    "a sender for sms": ({"sms": {"defaultFrom": "a@b.example"}}, ("sms", "defaultFrom"), "Unknown field"),
    "an entry's field": (
        _in("email", provider="smtp", host="x"),
        ("email", "primary", "host"),
        "Unknown field",
    ),
    "no provider": (_in("email"), ("email", "primary", "provider"), "Missing data"),
    "an unknown provider": (
        _in("email", provider="sendgrid"),
        ("email", "primary", "provider"),
        "one of aws_ses, smtp",
    ),
    "a provider of another channel": (
        _in("sms", provider="meta"),
        ("sms", "primary", "provider"),
        "one of twilio, aws_sns",
    ),
    "a misspelt credential": (
        _in("email", provider="smtp", credentials={**SMTP, "usrname": "x"}),
        ("email", "primary", "credentials", "usrname"),
        "Did you mean username?",
    ),
    "an external id among them": (
        _in(
            "email",
            provider="aws_ses",
            credentials={"region": "us-east-1", "fromEmail": "a@b.example", "externalId": "x"},
        ),
        ("email", "primary", "credentials", "externalId"),
        "cannot be set",
    ),
    "a port out of range": (
        _in("email", **smtp(port=70_000)),
        ("email", "primary", "credentials", "port"),
        "from 1 to 65535",
    ),
    "a host with a scheme": (
        _in("email", **smtp(host="smtp://mail.example")),
        ("email", "primary", "credentials", "host"),
        "neither scheme nor port",
    ),
    "a user without a password": (
        _in("email", **smtp(password=None)),
        ("email", "primary", "credentials", "password"),
        "together",
    ),
    "a priority of nought": (
        _in("email", **smtp(), priority=0),
        ("email", "primary", "priority"),
        "greater than",
    ),
    "a default sender with a name": (
        {"email": {"defaultFrom": "Me <a@b.example>"}},
        ("email", "defaultFrom"),
        "only the address",
    ),
    "a default sender in quotes": (
        {"email": {"defaultFrom": '"<noreply@clinic-domain.example>"@evil.example'}},
        ("email", "defaultFrom"),
        "only the address",
    ),
    "a default sender with a quoted local part": (
        {"email": {"defaultFrom": '"no reply"@evil.example'}},
        ("email", "defaultFrom"),
        "without quotes",
    ),
    "a default name of two lines": (
        {"email": {"defaultFromName": "a\nb"}},
        ("email", "defaultFromName"),
        "one line",
    ),
    "too many fallbacks": (
        {"email": {"fallback": [smtp()] * 21}},
        ("email", "fallback"),
        "Longer than maximum",
    ),
    "a fallback that is wrong": (
        {"email": {"primary": smtp(), "fallback": [smtp(), smtp(port="x")]}},
        ("email", "fallback[1]", "credentials", "port"),
        "whole number",
    ),
}


@ON_SQLITE
@pytest.mark.parametrize(("body", "place", "words"), CONFIG_REFUSALS.values(), ids=CONFIG_REFUSALS)
def test_the_full_configuration_refuses_by_place_and_stores_nothing(
    of: Any, body: Any, place: tuple[str, ...], words: str
) -> None:
    refused = of("c1", "PUT", "config", body)

    found = refused.json["errors"]
    for name in place:
        found = found[name]
    assert refused.status_code == 422
    assert words in found[0]
    assert of("c1", "GET", "config").status_code == 404


@pytest.mark.parametrize("path", ["config", "ses"])
def test_a_clinic_is_made_by_its_first_save_and_by_nothing_else(of: Any, ses: Any, path: str) -> None:
    before = of("new", "GET", "config")

    of("new", "PUT", path, {"config": {}, "ses": ses}[path])

    assert (before.status_code, before.json["code"]) == (404, "clinic_not_found")
    assert of("new", "GET", "config").status_code == 200
