"""What the administrator of one clinic might try at another's expense, and faults at the worst moment."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from core_kit import (
    PLATFORM_ADDRESS,
    ROOT,
    SES,
    SHARED_TOPIC,
    SOURCE,
    clinic_admin,
    codes,
    counted,
    event,
    give_ses,
    reasons,
    results,
)

from config_service.errors import ConflictError, InvalidError
from config_service.providers.base import SendRefusedError
from config_service.services.channels import ChannelSettings, ProviderEntry
from config_service.services.ownership import claims_of
from config_service.services.services import Services
from config_service.storage.clinics import ADDRESS, ROLE
from config_service.storage.database import StorageUnavailableError
from config_service.storage.events import EventFilter
from shared.ses import UNREADABLE, parse_ses_message

OWN_TOPIC = "arn:aws:sns:us-east-1:210987654321:own-events"
ROLE_ARN = "arn:aws:iam::210987654321:role/sender"
IDN = "noreply@klinik-ü.example"
ASCII = "noreply@xn--klinik--t2a.example"


def owners(services: Services, address: str) -> set[str]:
    return services.repositories.clinics.owners_of(ADDRESS, address)


@pytest.mark.parametrize(
    "sender", ['"<noreply@clinic-domain.example>"@evil.example', '"a@clinic-domain.example"@evil.example']
)
def test_a_quoted_local_part_cannot_smuggle_a_strangers_address_in(services: Services, sender: str) -> None:
    give_ses(services, "victim")
    with pytest.raises(InvalidError):
        services.configs.save_clinic_config(
            clinic_id="evil", actor=clinic_admin("evil"), email={"defaultFrom": sender}
        )
    assert owners(services, SOURCE) == {"victim"}


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        ('"<noreply@clinic-domain.example>"@evil.example', None),
        ('"Clinic <main>" <noreply@q.example>', "noreply@q.example"),
        ("Clinic <NoReply@Q.example>", "noreply@q.example"),
        (" noreply@q.example ", "noreply@q.example"),
    ],
)
def test_the_index_reads_a_direct_update_as_python_does(
    services: Services, raw: str, address: str | None
) -> None:
    give_ses(services, "victim")
    services.configs.save_clinic_config(clinic_id="c1", actor=ROOT)
    record = services.repositories.clinics.get("c1")
    assert record is not None
    record.settings["communicationSettings"]["email"]["defaultFrom"] = raw
    services.repositories.clinics.save(record)
    assert owners(services, SOURCE) == {"victim"}
    if address:
        assert owners(services, address) == {"c1"}


@pytest.mark.parametrize("written", [IDN, ASCII, "noreply@klinik-ü.example."])
def test_an_internationalised_sender_is_one_however_it_is_written(services: Services, written: str) -> None:
    services.configs.save_clinic_config(clinic_id="c1", actor=ROOT)
    record = services.repositories.clinics.get("c1")
    assert record is not None
    record.settings["communicationSettings"]["email"]["defaultFrom"] = written  # past the service
    services.repositories.clinics.save(record)
    services.sweep.run()
    assert results(services, event(source=ASCII)) == ["recorded"]
    with pytest.raises(ConflictError):
        give_ses(services, "evil", actor=clinic_admin("evil"), fromEmail=ASCII)


def test_a_role_belongs_to_one_clinic(services: Services) -> None:
    by_role = {"region": "us-east-1", "roleArn": ROLE_ARN}
    services.configs.save_ses(
        clinic_id="b", actor=clinic_admin("b"), credentials={**by_role, "fromEmail": "a@b.example"}
    )
    assert services.repositories.clinics.owners_of(ROLE, ROLE_ARN) == {"b"}
    for role in (ROLE_ARN, f"arn:aws:iam::{SHARED_TOPIC.split(':')[4]}:role/of-the-platform"):
        evil = {"region": "us-east-1", "roleArn": role, "fromEmail": "a@evil.example"}
        with pytest.raises(ConflictError) as refused:
            services.configs.save_ses(clinic_id="evil", actor=clinic_admin("evil"), credentials=evil)
        assert refused.value.code == "role_in_use"
        saved = services.configs.save_ses(clinic_id="other", actor=ROOT, credentials=evil)
        assert [warning.code for warning in saved.warnings] == ["role_in_use"]
        services.configs.save_clinic_config(clinic_id="other", actor=ROOT, email=None)


def test_what_is_held_of_a_topic_waits_until_more_than_a_clinics_word_says_whose_it_is(
    services: Services,
) -> None:
    assert results(services, event(topic=OWN_TOPIC, source="old@b.example")) == ["held"]
    give_ses(services, "evil", actor=clinic_admin("evil"), fromEmail="a@evil.example", snsTopicArn=OWN_TOPIC)
    services.sweep.run()
    assert counted(services, "held_events") == 1
    give_ses(services, "evil", fromEmail="a@evil.example", snsTopicArn=OWN_TOPIC)
    assert counted(services, "held_events") == 0


def test_a_second_entry_does_not_inherit_the_first_ones_keys(services: Services) -> None:
    give_ses(services, "c1")
    keyless = {"region": "eu-west-1", "fromEmail": "other@clinic-domain.example"}
    config = services.configs.save_clinic_config(
        clinic_id="c1",
        actor=ROOT,
        email={
            "primary": {"provider": "aws_ses", "credentials": SES},
            "fallback": [{"provider": "aws_ses", "credentials": keyless}],
        },
    )
    assert config.email["fallback"][0]["credentials"] == keyless
    assert config.email["primary"]["credentials"]["secretAccessKey"] == "********"


def test_what_was_primary_is_tried_before_the_older_fallbacks(services: Services) -> None:
    smtp = {"host": "mail.example", "fromEmail": "a@clinic-domain.example"}
    entries = [
        {"provider": "smtp", "priority": 10, "credentials": {**smtp, "host": f"m{n}.example"}} for n in (1, 2)
    ]
    entries[1]["priority"] = 2
    services.configs.save_clinic_config(
        clinic_id="c1", actor=ROOT, email={"primary": entries[0], "fallback": entries[1:]}
    )
    give_ses(services, "c1")
    providers = services.sending_order.effective_config("c1", ROOT)["email"]["providers"]
    hosts = [provider["credentials"].get("host") for provider in providers]
    assert hosts[:3] == [None, "m1.example", "m2.example"]


def test_an_overlong_message_id_is_unreadable_and_stops_nothing(services: Services) -> None:
    message = '{"notificationType": "Bounce", "mail": {"messageId": "%s"}}' % ("漢" * 880)
    (found,) = parse_ses_message(message, event().event.at)
    assert found.kind == UNREADABLE


def test_one_held_event_that_cannot_be_applied_does_not_stop_the_others(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert results(services, event(source="x@late.example"), event(source="x@late.example")) == ["held"] * 2
    place, refused = services.feedback.place, services.held_events.page(0, 1)[0].sns_message_id

    def refuse_one(arrivals: Any) -> Any:
        if refused in {arrival.feedback.sns_message_id for arrival in arrivals}:
            raise StorageUnavailableError("too large for an index")
        return place(arrivals)

    monkeypatch.setattr(type(services.feedback), "place", lambda _, arrivals: refuse_one(arrivals))
    saved = give_ses(services, "c1", fromEmail="x@late.example")
    assert saved.etag
    assert (counted(services, "events"), counted(services, "held_events")) == (1, 1)


def test_a_request_works_off_a_hundred_held_events_and_the_sweep_the_rest(services: Services) -> None:
    results(
        services, *(event(source="x@late.example", recipient=f"p{n}@patients.example") for n in range(120))
    )
    give_ses(services, "c1", fromEmail="x@late.example")
    assert counted(services, "held_events") == 20
    services.sweep.run()
    assert counted(services, "held_events") == 0


def test_an_accepted_mail_is_reported_as_sent_though_the_database_fails_at_first(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_ses(services, "c1")
    finish, failures = services.repositories.test_sends.finish, [1, 2]

    def fail_twice(*arguments: Any, **named: Any) -> None:
        if failures:
            failures.pop()
            raise StorageUnavailableError("busy")
        finish(*arguments, **named)

    monkeypatch.setattr(
        type(services.repositories.test_sends), "finish", lambda _, *a, **n: fail_twice(*a, **n)
    )
    sent = services.test_emails.send("c1", "jane@patients.example", ROOT)
    assert services.test_outcomes.of(services.test_emails.get("c1", sent.test_id)).status == "accepted"


def test_a_save_is_done_though_a_step_after_it_fails(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise StorageUnavailableError("away")

    services.configs.when_saved(fail)
    assert give_ses(services, "c1").clinic_id == "c1"
    assert services.configs.get_clinic_config("c1").email["primary"]["provider"] == "aws_ses"


def test_an_event_that_races_with_the_answer_to_its_test_email_finds_its_clinic(
    services: Services, another_process: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is mapped while the send is being written down: one of the two waits for the other."""
    services.configs.save_clinic_config(clinic_id="c1", actor=ROOT)
    other = another_process()
    mapped, finish = threading.Event(), threading.Event()
    find = type(other.feedback._mapping).find

    def slow_find(self: Any, question: Any) -> Any:
        found = find(self, question)
        mapped.set()
        finish.wait(0.5)  # the send is written down meanwhile, if nothing keeps it from that
        return found

    monkeypatch.setattr(type(other.feedback._mapping), "find", slow_find)
    report = event(source=PLATFORM_ADDRESS, mail_message_id="platform-1", recipient="jane@patients.example")

    def record() -> None:
        results(other, report)
        other.repositories.database.close()

    recording = threading.Thread(target=record)

    class Provider:
        tracks = True

        def send(self, _: Any) -> str:
            recording.start()
            assert mapped.wait(20)
            monkeypatch.setattr(type(other.feedback._mapping), "find", find)
            return "platform-1"

    monkeypatch.setattr(type(services.test_emails.routes._providers), "platform", lambda _: Provider())
    services.test_emails.send("c1", "jane@patients.example", ROOT)
    finish.set()
    recording.join(20)
    give_ses(services, "c2", fromEmail="a@c2.example")
    assert reasons(services, "c1", "jane@patients.example") == [("hard_bounce", "clinic")]
    assert codes(services, "c2", "jane@patients.example") == []


def test_an_unreadable_event_can_be_looked_at_and_dismissed(services: Services) -> None:
    results(services, event(UNREADABLE, recipient=None, raw='{"notificationType": "Bounce"}'))
    (held,) = services.held_events.page(0, 10)
    assert held.id is not None
    assert services.held_events.show(held.id, ROOT)[1] == '{"notificationType": "Bounce"}'
    services.held_events.dismiss(held.id, ROOT)
    assert counted(services, "held_events") == 0
    actions = {entry.action for entry in services.repositories.audit.of_clinic(None)}
    assert actions == {"held_event.opened", "held_event.dismissed"}


def test_every_batch_of_an_import_is_audited_though_the_file_breaks_off(services: Services) -> None:
    services.configs.save_clinic_config(clinic_id="c1", actor=ROOT)

    def lines() -> Iterator[str]:
        yield "email\n"
        yield from (f"p{n}@patients.example\n" for n in range(250))
        raise InvalidError("the connection broke")

    with pytest.raises(InvalidError, match="broke"):
        services.transfer.load("c1", lines(), ROOT)
    entries = [e.fields for e in services.repositories.audit.of_clinic("c1") if "imported" in e.action]
    assert entries == [["lines:2-201"]]


def test_a_line_that_is_refused_leaves_no_act(services: Services, clock: Any) -> None:
    services.configs.save_clinic_config(clinic_id="c1", actor=ROOT)
    entry, _ = services.suppressions.add("c1", "a@patients.example", ROOT)
    services.suppressions.remove("c1", entry.id, ROOT, "a note", consent=False)
    before = counted(services, "suppression_acts")
    report = services.transfer.load(
        "c1", ["email,since\n", "a@patients.example,2025-01-01T00:00:00Z\n"], ROOT
    )
    assert (report.imported, report.refused) == (0, 1)
    assert counted(services, "suppression_acts") == before


def test_a_report_that_a_mail_is_not_spam_is_no_complaint(services: Services) -> None:
    give_ses(services, "c1")
    sent = services.test_emails.send("c1", "jane@patients.example", ROOT)
    known = {"mail_message_id": sent.message_id, "recipient": "jane@patients.example"}
    results(services, event("Delivery", **known), event("Complaint", sub_type="not-spam", **known))
    assert services.test_outcomes.of(services.test_emails.get("c1", sent.test_id)).status == "delivered"


def test_an_event_dated_before_1970_can_be_paged_past(services: Services) -> None:
    give_ses(services, "c1")
    results(services, event(days=-40_000))
    (found,) = services.repositories.events.page("c1", EventFilter())
    assert found.at == 0


def test_claims_are_read_from_every_entry(services: Services) -> None:
    email = ChannelSettings(
        primary=ProviderEntry("aws_ses", credentials={"fromEmail": "A@b.example", "roleArn": ROLE_ARN}),
        fallback=(ProviderEntry("aws_ses", credentials={"snsTopicArn": OWN_TOPIC, "roleArn": None}),),
        default_from="c@d.example",
    )
    claims = claims_of(email)
    assert claims.addresses == {"a@b.example", "c@d.example"}
    assert (claims.topics, claims.roles) == ({OWN_TOPIC}, {ROLE_ARN})


def test_an_out_of_office_reply_does_not_unsay_the_delivery(services: Services) -> None:
    give_ses(services, "c1")
    sent = services.test_emails.send("c1", "jane@patients.example", ROOT)
    known = {"mail_message_id": sent.message_id, "recipient": "jane@patients.example"}
    reply = {"bounce_type": "Transient", "sub_type": "General", "days": 1}
    results(services, event("Delivery", **known), event(**reply, **known))
    assert services.test_outcomes.of(services.test_emails.get("c1", sent.test_id)).status == "delivered"
    results(
        services,
        event(**{**reply, "detail": "smtp; 452 full"}, **{**known, "recipient": "b@patients.example"}),
    )
    assert services.test_outcomes.of(services.test_emails.get("c1", sent.test_id)).status == "bounced"


def test_a_provider_that_a_direct_update_misspelt_is_told_wherever_it_matters(services: Services) -> None:
    give_ses(services, "c1")
    record = services.repositories.clinics.get("c1")
    assert record is not None
    record.settings["communicationSettings"]["email"]["primary"]["provider"] = "ses"
    services.repositories.clinics.save(record)
    (warning,) = services.configs.get_clinic_config("c1").warnings
    assert (warning.code, "aws_ses" in warning.message) == ("unknown_provider", True)
    with pytest.raises(SendRefusedError, match="changed directly") as refused:
        services.test_emails.send("c1", "jane@patients.example", ROOT)
    assert refused.value.code == "provider_unknown"
