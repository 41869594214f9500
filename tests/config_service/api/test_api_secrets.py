"""Secrets: stored sealed, shown masked, kept only for what they are a secret of."""

from typing import Any

import pytest

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ROLE = "arn:aws:iam::123456789012:role/clinic-email"
MASKED = "********"
MASKED_ID = "AKIA************MPLE"
OTHER_ID = "AKIAZZZZZZZZZZZZMPLE"  # its masked form is the same as the stored one's


def smtp(host: str, password: str | None = None, **changes: Any) -> dict[str, Any]:
    credentials = {
        "host": host,
        "port": 587,
        "username": "mailer",
        "fromEmail": "front@clinic.example",
        **changes,
    }
    return {"provider": "smtp", "credentials": credentials | ({"password": password} if password else {})}


def opened(call: Any, people: Any, clinic_id: str = "c1", channel: str = "email") -> list[dict[str, Any]]:
    """Return what the sending services would get, the platform's account left out."""
    answer = call("GET", f"/internal/v1/clinics/{clinic_id}/effective-config", headers=people.sender)
    return [
        provider["credentials"]
        for provider in answer.json["config"][channel]["providers"]
        if provider["account"] == "clinic"
    ]


PROVIDERS = {
    "meta": (
        "whatsapp",
        {"phoneNumberId": "106540352242922", "accessToken": "EAAG-token", "appSecret": "app-secret-1"},
        {"phoneNumberId": "106540352242922", "accessToken": MASKED, "appSecret": MASKED},
    ),
    "twilio for whatsapp": (
        "whatsapp",
        {"accountSid": f"AC{32 * '0'}", "authToken": "twilio-token", "fromNumber": "+14155550100"},
        {"accountSid": f"AC{32 * '0'}", "authToken": MASKED, "fromNumber": "+14155550100"},
    ),
    "twilio for sms": (
        "sms",
        {"accountSid": f"AC{32 * '0'}", "authToken": "twilio-token", "messagingServiceSid": f"MG{32 * '0'}"},
        {"accountSid": f"AC{32 * '0'}", "authToken": MASKED, "messagingServiceSid": f"MG{32 * '0'}"},
    ),
    "aws_sns": (
        "sms",
        {
            "region": "eu-west-1",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "secretAccessKey": SECRET,
            "senderId": "CLINIC",
        },
        {"region": "eu-west-1", "accessKeyId": MASKED_ID, "secretAccessKey": MASKED, "senderId": "CLINIC"},
    ),
    "aws_ses": (
        "email",
        {
            "region": "eu-west-1",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "secretAccessKey": SECRET,
            "fromEmail": "a@b.example",
        },
        {
            "region": "eu-west-1",
            "accessKeyId": MASKED_ID,
            "secretAccessKey": MASKED,
            "fromEmail": "a@b.example",
        },
    ),
    "smtp": (
        "email",
        {**smtp("smtp.example")["credentials"], "password": "hunter2-hunter2", "encryption": "tls"},
        {**smtp("smtp.example")["credentials"], "password": MASKED, "encryption": "tls"},
    ),
}


@pytest.mark.parametrize("case", PROVIDERS)
def test_credentials_are_stored_sealed_shown_masked_and_opened_for_sending_services(
    of: Any, call: Any, people: Any, raw_database: Any, case: str
) -> None:
    channel, given, masked = PROVIDERS[case]
    body = {channel: {"primary": {"provider": case.partition(" ")[0], "credentials": given}}}

    saved = of("c1", "PUT", "config", body)

    shown = of("c1", "GET", "config")
    stored = raw_database.dump()
    secrets = [value for name, value in given.items() if masked[name] != value]
    assert saved.status_code == 200, saved.json
    assert shown.json["config"][channel]["primary"]["credentials"] == masked
    assert opened(call, people, channel=channel) == [given]
    for secret in secrets:
        assert secret not in saved.text + shown.text + stored


@ON_SQLITE
@pytest.mark.parametrize("case", PROVIDERS)
def test_what_get_answered_can_be_put_back_and_keeps_the_secrets(
    of: Any, call: Any, people: Any, case: str
) -> None:
    channel, given, _ = PROVIDERS[case]
    of(
        "c1",
        "PUT",
        "config",
        {channel: {"primary": {"provider": case.partition(" ")[0], "credentials": given}}},
    )
    config = of("c1", "GET", "config").json["config"]

    saved = of("c1", "PUT", "config", {name: config[name] for name in ("email", "whatsapp", "sms")})

    assert saved.status_code == 200, saved.json
    assert of("c1", "GET", "config").json["config"] == config
    assert opened(call, people, channel=channel) == [given]


@ON_SQLITE
def test_the_external_id_is_not_a_secret_and_nothing_else_is_masked(of: Any, set_up: Any) -> None:
    set_up("c1", configurationSetName="transactional", replyTo="desk@clinic-domain.example")

    shown = of("c1", "GET", "config").json["config"]

    masked = [name for name, value in shown["email"]["primary"]["credentials"].items() if "*" in value]
    assert masked == ["accessKeyId", "secretAccessKey"]
    assert "*" not in shown["externalId"]


KEEPING = {
    "both absent": {},
    "both masked": {"accessKeyId": MASKED_ID, "secretAccessKey": MASKED},
    "the secret absent": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE"},
    "the secret masked": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": MASKED},
    "the id absent": {"secretAccessKey": MASKED},
}


@ON_SQLITE
@pytest.mark.parametrize("keys", KEEPING.values(), ids=KEEPING)
def test_a_masked_or_absent_secret_keeps_the_stored_one(
    of: Any, call: Any, people: Any, set_up: Any, keys: dict[str, str]
) -> None:
    set_up("c1")

    saved = of(
        "c1", "PUT", "ses", {"region": "eu-west-1", "fromEmail": "noreply@clinic-domain.example", **keys}
    )

    assert saved.status_code == 200, saved.json
    assert opened(call, people) == [
        {
            "region": "eu-west-1",
            "fromEmail": "noreply@clinic-domain.example",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "secretAccessKey": SECRET,
        }
    ]


NOT_KEEPING = {
    "another id and no secret": ({"accessKeyId": OTHER_ID}, "secretAccessKey"),
    "another id and the masked secret": (
        {"accessKeyId": OTHER_ID, "secretAccessKey": MASKED},
        "secretAccessKey",
    ),
    "a masked id that is not the stored one's": (
        {"accessKeyId": "AKIA************ZZZZ", "secretAccessKey": MASKED},
        "accessKeyId",
    ),
    "the secret emptied": (
        {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": None},
        "secretAccessKey",
    ),
    "the id emptied": ({"accessKeyId": None, "secretAccessKey": MASKED}, "secretAccessKey"),
}


@ON_SQLITE
@pytest.mark.parametrize(("keys", "field"), NOT_KEEPING.values(), ids=NOT_KEEPING)
def test_a_secret_is_not_kept_for_another_key(
    of: Any, call: Any, people: Any, set_up: Any, keys: Any, field: str
) -> None:
    set_up("c1")
    before = opened(call, people)

    refused = of(
        "c1", "PUT", "ses", {"region": "us-east-1", "fromEmail": "noreply@clinic-domain.example", **keys}
    )

    assert refused.status_code == 422
    assert field in refused.json["errors"]
    assert opened(call, people) == before


@ON_SQLITE
def test_both_keys_emptied_leave_the_platforms_account_to_send(
    of: Any, call: Any, people: Any, ses: Any, set_up: Any
) -> None:
    set_up("c1")

    saved = of("c1", "PUT", "ses", {**ses, "accessKeyId": None, "secretAccessKey": None})

    assert saved.status_code == 200
    assert opened(call, people)[0].keys() == {"region", "fromEmail", "fromName"}


@ON_SQLITE
def test_a_role_takes_the_place_of_stored_keys(
    of: Any, call: Any, people: Any, set_up: Any, raw_database: Any
) -> None:
    set_up("c1")

    saved = of(
        "c1",
        "PUT",
        "ses",
        {"region": "us-east-1", "fromEmail": "noreply@clinic-domain.example", "roleArn": ROLE},
    )

    assert saved.status_code == 200
    assert opened(call, people)[0] == {
        "region": "us-east-1",
        "fromEmail": "noreply@clinic-domain.example",
        "roleArn": ROLE,
    }
    assert "sealed:" not in raw_database.dump().replace("suppressions", "")


@ON_SQLITE
def test_a_role_with_masked_keys_is_refused(of: Any, ses: Any, set_up: Any) -> None:
    set_up("c1")

    refused = of(
        "c1", "PUT", "ses", {**ses, "accessKeyId": MASKED_ID, "secretAccessKey": MASKED, "roleArn": ROLE}
    )

    assert refused.status_code == 422


@ON_SQLITE
def test_a_masked_secret_on_a_new_clinic_stands_for_nothing(of: Any, ses: Any) -> None:
    refused = of("new", "PUT", "ses", {**ses, "secretAccessKey": MASKED})

    assert (refused.status_code, refused.json["code"]) == (422, "secret_needed")
    assert "secretAccessKey" in refused.json["errors"]


@pytest.fixture
def two_servers(of: Any) -> None:
    email = {"primary": smtp("a.example", "password-of-a"), "fallback": [smtp("b.example", "password-of-b")]}
    assert of("c1", "PUT", "config", {"email": email}).status_code == 200


@pytest.mark.usefixtures("two_servers")
def test_servers_that_change_places_keep_their_own_passwords(of: Any, call: Any, people: Any) -> None:
    swapped = {"primary": smtp("b.example", MASKED), "fallback": [smtp("a.example")]}

    assert of("c1", "PUT", "config", {"email": swapped}).status_code == 200

    found = {credentials["host"]: credentials["password"] for credentials in opened(call, people)}
    assert found == {"a.example": "password-of-a", "b.example": "password-of-b"}


CHANGED = {
    "another host": {"host": "evil.example"},
    "another port": {"port": 2525},
    "the default port": {"port": 25},
    "another user": {"username": "admin"},
    "the host of the other with another user": {"host": "b.example", "username": "admin"},
}


@ON_SQLITE
@pytest.mark.parametrize("place", ["primary", "fallback"])
@pytest.mark.parametrize("password", [None, MASKED])
@pytest.mark.parametrize("changes", CHANGED.values(), ids=CHANGED)
@pytest.mark.usefixtures("two_servers")
def test_a_stored_password_never_goes_to_another_server(
    of: Any, call: Any, people: Any, changes: Any, password: str | None, place: str
) -> None:
    entry = smtp("a.example", password)
    entry["credentials"] |= changes
    email = {"primary": entry} if place == "primary" else {"primary": smtp("b.example"), "fallback": [entry]}

    refused = of("c1", "PUT", "config", {"email": email})

    where = "primary" if place == "primary" else "fallback[0]"
    assert refused.status_code == 422
    assert "password" in refused.json["errors"]["email"][where]["credentials"]
    assert [credentials["host"] for credentials in opened(call, people)] == ["a.example", "b.example"]


@ON_SQLITE
def test_a_secret_of_one_channel_is_not_kept_in_another(of: Any) -> None:
    twilio = {"accountSid": f"AC{32 * '0'}", "fromNumber": "+14155550100"}
    of(
        "c1",
        "PUT",
        "config",
        {"sms": {"primary": {"provider": "twilio", "credentials": {**twilio, "authToken": "t"}}}},
    )

    refused = of(
        "c1", "PUT", "config", {"whatsapp": {"primary": {"provider": "twilio", "credentials": twilio}}}
    )

    assert refused.status_code == 422
    assert "authToken" in refused.json["errors"]["whatsapp"]["primary"]["credentials"]


def test_credentials_written_into_the_database_are_sealed_by_the_first_look(
    of: Any, call: Any, people: Any, set_up: Any, raw_database: Any
) -> None:
    set_up("c1")
    raw_database.set_at(
        "c1",
        "email,primary",
        '{"provider": "aws_ses", "enabled": true, "credentials": {"region": "us-east-1", "accessKeyId": '
        '"AKIADIRECTDIRECTDIRE", "secretAccessKey": "written-by-hand", "fromEmail": "noreply@clinic-domain.example"}}',
    )
    in_the_clear = raw_database.dump()

    shown = of("c1", "GET", "config").json["config"]["email"]["primary"]["credentials"]

    assert "written-by-hand" in in_the_clear
    assert "written-by-hand" not in raw_database.dump()
    assert (shown["accessKeyId"], shown["secretAccessKey"]) == ("AKIA************DIRE", MASKED)
    assert opened(call, people)[0]["secretAccessKey"] == "written-by-hand"
