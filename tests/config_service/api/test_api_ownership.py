"""An address, a domain and a topic belong to one clinic, and nobody learns whose."""

from typing import Any

import pytest

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter
SHARED_TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
TOPIC = "arn:aws:sns:us-east-1:123456789012:ses-events-of-c1"
PLATFORM_ADDRESS = "noreply@healthcare.example"

TAKEN = {
    "the address of another clinic": ({"fromEmail": "desk@harbour.example"}, "address_in_use"),
    "in upper case": ({"fromEmail": "DESK@HARBOUR.EXAMPLE"}, "address_in_use"),
    "its domain": ({"fromEmail": "other@harbour.example"}, "domain_in_use"),
    "its domain in upper case": ({"fromEmail": "other@Harbour.Example"}, "domain_in_use"),
    "the address that it falls back to": ({"fromEmail": "desk@fallback.example"}, "address_in_use"),
    "the domain of its default sender": ({"fromEmail": "x@default.example"}, "domain_in_use"),
    "the address of the platform": ({"fromEmail": PLATFORM_ADDRESS}, "address_in_use"),
    "the domain of the platform": ({"fromEmail": "clinic@healthcare.example"}, "domain_in_use"),
    "its exact address at a public provider": ({"fromEmail": "harbour.clinic@gmail.com"}, "address_in_use"),
    "its topic": ({"fromEmail": "a@own.example", "snsTopicArn": TOPIC}, "topic_in_use"),
    "the shared topic": ({"fromEmail": "a@own.example", "snsTopicArn": SHARED_TOPIC}, "topic_in_use"),
}


@pytest.fixture(autouse=True)
def harbour(of: Any, ses: Any) -> None:
    """Give the clinic `harbour` addresses in every place where one can stand, and a topic."""
    account = {**ses, "fromEmail": "desk@harbour.example", "snsTopicArn": TOPIC}
    fallback = [
        {"provider": "smtp", "credentials": {"host": "smtp.example", "fromEmail": address}}
        for address in ("desk@fallback.example", "harbour.clinic@gmail.com")
    ]
    email = {
        "primary": {"provider": "aws_ses", "credentials": account},
        "fallback": fallback,
        "defaultFrom": "hello@default.example",
    }
    assert of("harbour", "PUT", "config", {"email": email}).status_code == 200


@pytest.mark.parametrize(("changes", "code"), TAKEN.values(), ids=TAKEN)
def test_what_another_uses_is_refused_to_a_clinic_admin_without_a_name(
    of: Any, people: Any, ses: Any, changes: Any, code: str
) -> None:
    refused = of("mine", "PUT", "ses", {**ses, **changes}, headers=people.clinic_admin("mine"))

    assert (refused.status_code, refused.json["code"]) == (409, code)
    assert refused.json["hint"]
    assert "harbour'" not in refused.text
    assert of("mine", "GET", "config").status_code == 404


@ON_SQLITE
@pytest.mark.parametrize(("changes", "code"), TAKEN.values(), ids=TAKEN)
def test_a_super_admin_may_take_it_and_is_warned(of: Any, ses: Any, changes: Any, code: str) -> None:
    saved = of("mine", "PUT", "ses", {**ses, **changes})

    assert (saved.status_code, saved.json["success"]) == (200, True)
    assert [(warning["code"], bool(warning["message"])) for warning in saved.json["warnings"]] == [
        (code, True)
    ]


def test_a_default_sender_is_checked_as_well(of: Any, people: Any) -> None:
    refused = of(
        "mine",
        "PUT",
        "config",
        {"email": {"defaultFrom": "x@harbour.example"}},
        headers=people.clinic_admin("mine"),
    )

    assert refused.status_code == 409


def test_a_public_mail_domain_is_nobodys(of: Any, people: Any, ses: Any) -> None:
    saved = of(
        "mine", "PUT", "ses", {**ses, "fromEmail": "my.clinic@gmail.com"}, headers=people.clinic_admin("mine")
    )

    assert saved.status_code == 200
    assert "warnings" not in saved.json


def test_an_address_of_ones_own_is_not_checked_again(of: Any, people: Any, ses: Any) -> None:
    of("mine", "PUT", "ses", {**ses, "fromEmail": "front@harbour.example"})

    renamed = of(
        "mine",
        "PUT",
        "ses",
        {**ses, "fromEmail": "front@harbour.example", "fromName": "New"},
        headers=people.clinic_admin("mine"),
    )
    another = of(
        "mine",
        "PUT",
        "ses",
        {**ses, "fromEmail": "back@harbour.example"},
        headers=people.clinic_admin("mine"),
    )
    taken = of(
        "mine",
        "PUT",
        "ses",
        {**ses, "fromEmail": "desk@harbour.example"},
        headers=people.clinic_admin("mine"),
    )

    assert (renamed.status_code, another.status_code, taken.status_code) == (200, 200, 409)


def test_what_a_clinic_gave_up_is_free(of: Any, people: Any, ses: Any) -> None:
    of("harbour", "PUT", "config", {"email": None})

    saved = of(
        "mine",
        "PUT",
        "ses",
        {**ses, "fromEmail": "desk@harbour.example", "snsTopicArn": TOPIC},
        headers=people.clinic_admin("mine"),
    )

    assert saved.status_code == 200
