"""Test emails over HTTP: through which way out, to whom not, and what every refusal looks like."""

from typing import Any

import pytest

from config_service.errors import STATUSES
from config_service.providers.base import ProviderUnavailableError, SendRefusedError, SendThrottledError
from shared.errors import ServiceError

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter
JANE = "jane@example.org"
SMTP = {
    "provider": "smtp",
    "credentials": {
        "host": "smtp.clinic.example",
        "fromEmail": "front@smtp-clinic.example",
        "fromName": "Front",
    },
}


@pytest.fixture
def send(of: Any) -> Any:
    def post(clinic_id: str = "c1", to: str = JANE, **more: Any) -> Any:
        return of(clinic_id, "POST", "test-email", {"testEmail": to, **more})

    return post


def test_a_test_email_answers_with_what_finds_it_again(
    send: Any, set_up: Any, email_providers: Any, of: Any
) -> None:
    set_up("c1", configurationSetName="transactional", replyTo="desk@clinic-domain.example")

    sent = send()

    assert sent.status_code == 200
    assert sent.json == {
        "success": True,
        "message": "Test email sent",
        "messageId": "c1-aws_ses-1",
        "testId": sent.json["testId"],
        "tracking": True,
    }
    (email,) = email_providers.sent
    assert (email.recipient, email.from_address, email.from_name) == (
        JANE,
        "noreply@clinic-domain.example",
        "My Clinic",
    )
    assert (email.reply_to, email.configuration_set) == ("desk@clinic-domain.example", "transactional")
    assert email.tags == {"clinic_id": "c1"}
    assert email.subject
    assert email.text
    assert email_providers.credentials["c1"]["secretAccessKey"] == "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    shown = of("c1", "GET", f"test-email/{sent.json['testId']}").json
    assert shown == {
        "success": True,
        "testId": sent.json["testId"],
        "messageId": "c1-aws_ses-1",
        "status": "accepted",
        "reason": None,
        "at": "2026-01-01T00:00:00+00:00",
    }


@ON_SQLITE
def test_a_name_beside_the_address_is_left_out(send: Any, set_up: Any, email_providers: Any) -> None:
    set_up("c1")

    assert send(to="Jane M. <Jane@Example.org>").status_code == 200

    assert email_providers.sent[0].recipient == "Jane@Example.org"


@ON_SQLITE
@pytest.mark.parametrize(
    "address", ["", "jane", "jane@localhost", "a@b.org, c@d.org", "a@b.org\r\nBcc: c@d.org", "@b.org"]
)
def test_what_is_no_address_is_refused_by_field(
    send: Any, set_up: Any, email_providers: Any, address: str
) -> None:
    set_up("c1")

    refused = send(to=address)

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["testEmail"]
    assert email_providers.sent == []


@ON_SQLITE
@pytest.mark.parametrize("body", [{}, {"testEmail": None}, {"testEmail": 5}, {"testEmail": JANE, "to": JANE}])
def test_the_body_is_checked_by_field(of: Any, set_up: Any, email_providers: Any, body: Any) -> None:
    set_up("c1")

    assert of("c1", "POST", "test-email", body).status_code == 422
    assert email_providers.sent == []


@pytest.fixture
def three_ways(of: Any, ses: Any) -> None:
    """Give the clinic SES first and SMTP as its fallback; the platform has an account as well."""
    email = {
        "primary": {"provider": "aws_ses", "credentials": ses},
        "fallback": [SMTP],
        "defaultFrom": "hello@clinic-domain.example",
        "defaultFromName": "Default",
    }
    assert of("c1", "PUT", "config", {"email": email}).status_code == 200


WAYS = {
    "the primary": ({}, "c1-aws_ses-1", True, "noreply@clinic-domain.example", "My Clinic"),
    "SES by name": (
        {"provider": "aws_ses"},
        "c1-aws_ses-1",
        True,
        "noreply@clinic-domain.example",
        "My Clinic",
    ),
    "the fallback by name": ({"provider": "smtp"}, "c1-smtp-1", False, "front@smtp-clinic.example", "Front"),
    "the platform by name": (
        {"provider": "platform"},
        "platform-1",
        True,
        "noreply@healthcare.example",
        "Healthcare",
    ),
}


@ON_SQLITE
@pytest.mark.parametrize(("body", "message_id", "tracking", "sender", "name"), WAYS.values(), ids=WAYS)
@pytest.mark.usefixtures("three_ways")
def test_each_way_out_can_be_tested(
    send: Any, email_providers: Any, body: Any, message_id: str, tracking: bool, sender: str, name: str
) -> None:
    sent = send(**body)

    assert (sent.json["messageId"], sent.json["tracking"]) == (message_id, tracking)
    (email,) = email_providers.sent
    assert (email.from_address, email.from_name, email.tags) == (sender, name, {"clinic_id": "c1"})


@ON_SQLITE
def test_a_clinic_without_a_provider_sends_through_the_platform(of: Any, send: Any) -> None:
    of("c1", "PUT", "config", {})

    assert send().json["messageId"] == "platform-1"


@ON_SQLITE
@pytest.mark.parametrize("provider", ["sendgrid", "smtp"])
def test_a_provider_that_the_clinic_does_not_have_is_refused(
    send: Any, set_up: Any, email_providers: Any, provider: str
) -> None:
    set_up("c1")

    refused = send(provider=provider)

    assert (refused.status_code, refused.json["code"]) == (422, "no_provider_configured")
    assert refused.json["hint"]
    assert email_providers.sent == []


@ON_SQLITE
def test_a_provider_that_is_switched_off_is_refused(send: Any, set_up: Any, email_providers: Any) -> None:
    set_up("c1", enabled=False)

    refused = send()

    assert (refused.status_code, refused.json["code"]) == (422, "provider_disabled")
    assert "enabled" in refused.json["hint"]
    assert email_providers.sent == []


@ON_SQLITE
def test_a_provider_without_a_sender_is_refused_and_the_default_sender_helps(
    send: Any, set_up: Any, raw_database: Any, email_providers: Any
) -> None:
    set_up("c1")
    raw_database.set_at("c1", "email,primary,credentials", '{"region": "us-east-1"}')

    refused = send()
    raw_database.set_at("c1", "email,defaultFrom", '"hello@clinic-domain.example"')
    sent = send()

    assert (refused.status_code, refused.json["code"]) == (422, "no_sender_configured")
    assert sent.status_code == 200
    assert [email.from_address for email in email_providers.sent] == ["hello@clinic-domain.example"]


class TestWithoutAPlatformAccount:
    @pytest.fixture
    def email_providers(self, provider_fakes: Any) -> Any:
        return provider_fakes.FakeEmailProviders(platform=False)

    @ON_SQLITE
    @pytest.mark.parametrize("body", [{}, {"provider": "platform"}])
    def test_a_clinic_without_a_provider_cannot_send(self, of: Any, send: Any, body: Any) -> None:
        of("c1", "PUT", "config", {})

        refused = send(**body)

        assert (refused.status_code, refused.json["code"]) == (422, "no_provider_configured")
        assert "communication/ses" in refused.json["hint"]


SPELLINGS = [JANE, "JANE@Example.ORG", "Jane M. <Jane@example.org>", " jane@example.org "]


@ON_SQLITE
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_suppressed_recipient_is_refused_however_spelt(
    send: Any, set_up: Any, record: Any, event: Any, email_providers: Any, spelling: str
) -> None:
    set_up("c1")
    record(event("Complaint", JANE, subType="abuse"))

    refused = send(to=spelling)

    assert (refused.status_code, refused.json["code"]) == (409, "recipient_suppressed")
    assert "consent" in refused.json["hint"]
    assert email_providers.sent == []


def test_an_entry_of_the_platform_refuses_every_clinic_and_one_of_a_clinic_only_its_own(
    send: Any, set_up: Any, of: Any, call: Any
) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example")
    of("c1", "POST", "suppressions", {"email": "one@example.org"})
    call("POST", "/api/v1/suppressions", {"email": "all@example.org"})

    statuses = {
        (clinic, to): send(clinic, to=to).status_code
        for clinic in ("c1", "c2")
        for to in ("one@example.org", "all@example.org")
    }

    assert statuses == {
        ("c1", "one@example.org"): 409,
        ("c2", "one@example.org"): 200,
        ("c1", "all@example.org"): 409,
        ("c2", "all@example.org"): 409,
    }


def test_nothing_is_sent_while_the_database_is_away(
    send: Any, set_up: Any, email_providers: Any, break_database: Any
) -> None:
    set_up("c1")
    break_database()

    failed = send()

    assert (failed.status_code, failed.json["code"]) == (503, "database_unavailable")
    assert failed.headers["Retry-After"] == "5"
    assert email_providers.sent == []


@ON_SQLITE
def test_nothing_is_sent_where_the_list_cannot_be_asked(
    send: Any, set_up: Any, email_providers: Any, services: Any, monkeypatch: Any
) -> None:
    set_up("c1")
    away = next(kind for kind in STATUSES if kind.__name__ == "StorageUnavailableError")

    def fail(*_: Any) -> None:
        raise away("gone", retry_after=5)

    monkeypatch.setattr(services.repositories.suppressions, "blocking", fail)

    failed = send()

    assert failed.status_code == 503
    assert email_providers.sent == []


REFUSALS = {
    "refused": (
        SendRefusedError("Not verified.", code="ses_identity_not_verified", hint="Verify it."),
        422,
        None,
    ),
    "throttled": (SendThrottledError("Slow down.", hint="Wait.", retry_after=7), 503, "7"),
    "out of reach": (ProviderUnavailableError("No answer.", hint="Look.", retry_after=30), 503, "30"),
}


@ON_SQLITE
@pytest.mark.parametrize(("error", "status", "retry_after"), REFUSALS.values(), ids=REFUSALS)
def test_what_a_provider_says_reaches_the_caller_with_the_right_status(
    send: Any, set_up: Any, email_providers: Any, error: ServiceError, status: int, retry_after: str | None
) -> None:
    set_up("c1")
    email_providers.refuse_with(error)

    refused = send()

    assert refused.status_code == status
    assert (refused.json["code"], refused.json["message"], refused.json["hint"]) == (
        error.code,
        error.message,
        error.hint,
    )
    assert refused.headers.get("Retry-After") == retry_after


@ON_SQLITE
def test_a_changed_credential_is_used_for_the_next_test(send: Any, set_up: Any, email_providers: Any) -> None:
    set_up("c1")
    send()

    set_up("c1", secretAccessKey="another-secret")
    send()

    assert email_providers.forgotten == ["c1", "c1"]
    assert email_providers.credentials["c1"]["secretAccessKey"] == "another-secret"


def test_a_test_is_audited_and_the_recipient_is_not_readable_in_the_database(
    send: Any, set_up: Any, services: Any, raw_database: Any
) -> None:
    set_up("c1")

    sent = send()

    row = services.repositories.audit.of_clinic("c1")[0]
    assert (row.actor, row.action, row.fields) == (
        "somebody",
        "test_email.sent",
        [f"test:{sent.json['testId']}", "aws_ses"],
    )
    assert JANE not in raw_database.dump()
