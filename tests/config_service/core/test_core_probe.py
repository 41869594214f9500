"""The probe: three mails by the clinic's own settings, followed through what is stored to where they got lost."""

import json
from dataclasses import replace
from typing import Any

import pytest
from core_kit import ROOT, SHARED_TOPIC, SOURCE, counted, event, give_ses, reasons

from config_service.errors import InvalidError, NotFoundError, TooManyRequestsError
from config_service.providers.base import SendRefusedError
from config_service.services.principal import Principal
from config_service.services.probe.document import probe_document
from config_service.services.probe.mails import MAILS
from config_service.services.probe.trail import MailTrail, ProbeTrail
from config_service.services.services import Services
from config_service.storage.audit import AuditFilter

OPERATOR = Principal("command:ann", "SERVICE")
CLINIC = "c1"


def started(services: Services) -> ProbeTrail:
    give_ses(services, CLINIC)
    return services.loop.probe.start(CLINIC, OPERATOR)


def mail_of(trail: ProbeTrail, mailbox: str) -> MailTrail:
    return next(mail for mail in trail.mails if mail.mailbox == mailbox)


def shown(services: Services, trail: ProbeTrail, mailbox: str) -> MailTrail:
    return mail_of(services.loop.probe.show(CLINIC, trail.probe_id), mailbox)


def come(services: Services, trail: ProbeTrail, kind: str, **changes: Any) -> str:
    """Have an event of one of the mails arrive, and return what became of it."""
    mail = next(each for each in MAILS if each.event == kind)
    number = 1 + MAILS.index(mail)
    reported = {
        "recipient": mail.address(trail.probe_id),
        "mail_message_id": f"{CLINIC}-aws_ses-{number}",
        **changes,
    }
    (result,) = services.feedback.record([event(kind, **reported)])
    return result.result


def all_come(services: Services, trail: ProbeTrail) -> None:
    for mail in MAILS:
        assert come(services, trail, mail.event, ms=1900) == "recorded"


def hops(mail: MailTrail) -> list[tuple[str, int | None]]:
    return [(hop.name, hop.after_ms) for hop in mail.hops]


def losses(trail: ProbeTrail) -> dict[str, tuple[str, str]]:
    """Return where each mail that was lost got lost, and its code."""
    return {mail.mailbox: (mail.loss.hop, mail.loss.code) for mail in trail.mails if mail.loss}


def audited(services: Services, action: str) -> list[list[str]]:
    return [row.fields for row in services.audit.page(AuditFilter()) if row.action == action]


def test_it_sends_to_labelled_mailboxes_of_the_simulator_by_the_clinics_own_settings(
    services: Services, email_providers: Any
) -> None:
    trail = started(services)

    sent = [(mail.recipient, mail.from_address, mail.tags) for mail in email_providers.sent]
    assert sent == [
        (f"{name}+{trail.probe_id}@simulator.amazonses.com", SOURCE, {"clinic_id": CLINIC})
        for name in ("success", "bounce", "complaint")
    ]
    assert trail.status == "waiting"
    assert audited(services, "probe.started") == [[f"probe:{trail.probe_id}"]]


def test_every_mail_is_followed_from_the_send_to_the_list(services: Services, clock: Any) -> None:
    trail = started(services)
    clock.advance(2100)
    all_come(services, trail)

    trail = services.loop.probe.show(CLINIC, trail.probe_id)

    arrived = [("sent", 0), ("event", 1900), ("recorded", 2100)]
    assert trail.status == "passed"
    assert hops(mail_of(trail, "success")) == arrived
    assert hops(mail_of(trail, "bounce")) == [*arrived, ("suppressed", None)]
    assert hops(mail_of(trail, "complaint")) == [*arrived, ("suppressed", None)]


def test_what_ses_refuses_is_lost_at_the_send_with_its_code_and_hint_and_later_with_its_code(
    services: Services, email_providers: Any
) -> None:
    give_ses(services, CLINIC)
    email_providers.refuse_with(
        SendRefusedError("Not verified.", code="ses_identity_not_verified", hint="Verify.")
    )

    trail = services.loop.probe.start(CLINIC, OPERATOR)

    losses = [mail.loss for mail in trail.mails]
    assert {(loss.hop, loss.code, loss.message, loss.hint) for loss in losses if loss} == {
        ("sent", "ses_identity_not_verified", "Not verified.", "Verify.")
    }
    later = shown(services, trail, "success").loss
    assert later is not None
    assert (later.hop, later.code) == ("sent", "ses_identity_not_verified")
    assert "test-email" in later.hint


def test_a_mail_whose_event_never_comes_is_lost_after_a_minute_and_found_if_it_comes_later(
    services: Services, clock: Any
) -> None:
    trail = started(services)
    clock.advance(59_999)
    assert shown(services, trail, "bounce").status == "waiting"
    clock.advance(1)

    lost = shown(services, trail, "bounce")

    assert lost.loss is not None
    assert (lost.loss.hop, lost.loss.code) == ("event", "probe_no_event")
    assert f"python -m config_service doctor --clinic {CLINIC}" in lost.loss.hint
    come(services, trail, "Bounce")
    assert shown(services, trail, "bounce").status == "passed"


def test_an_event_that_ses_does_not_publish_is_told_from_a_way_that_is_closed(
    services: Services, clock: Any
) -> None:
    trail = started(services)
    come(services, trail, "Complaint", ms=5)
    services.feedback.record(
        [event("Delivery", recipient="x@simulator.amazonses.com", mail_message_id="c1-aws_ses-2")]
    )
    clock.advance(60_000)

    loss = shown(services, trail, "bounce").loss

    assert loss is not None
    assert "Its Delivery came" in loss.hint
    assert "does not publish Bounce" in loss.hint


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"topic": "arn:aws:sns:us-east-1:123456789012:unknown"}, "its topic is neither shared"),
        ({"source": "noreply@stranger.example"}, "no clinic has its sender"),
    ],
)
def test_an_event_that_is_held_is_lost_at_recording_and_says_why_and_where(
    services: Services, changes: dict[str, str], why: str
) -> None:
    trail = started(services)
    assert come(services, trail, "Bounce", **changes) == "held"

    lost = shown(services, trail, "bounce")

    assert lost.loss is not None
    assert (lost.loss.hop, lost.loss.code) == ("recorded", "probe_event_held")
    assert [name for name, _ in hops(lost)] == ["sent", "event"]
    assert why in lost.loss.message
    assert "GET /api/v1/events/held" in lost.loss.hint


def test_an_event_that_was_recorded_for_another_clinic_is_lost(services: Services) -> None:
    own_topic = "arn:aws:sns:us-east-1:222222222222:others"
    give_ses(services, "c2", fromEmail="noreply@others.example", snsTopicArn=own_topic)
    trail = started(services)
    # As a mapping that was changed while the probe was under way leaves it.
    assert come(services, trail, "Bounce", source="noreply@others.example", topic=own_topic) == "recorded"

    loss = shown(services, trail, "bounce").loss

    assert loss is not None
    assert (loss.hop, loss.code) == ("recorded", "probe_recorded_elsewhere")
    assert "another clinic" in loss.message


def test_a_probe_that_was_broken_off_while_it_sent_says_which_mail_is_not_known_and_which_were_not_sent(
    services: Services, email_providers: Any, clock: Any
) -> None:
    give_ses(services, CLINIC)
    email_providers.refuse_with(KeyboardInterrupt())  # in the middle of the first mail
    with pytest.raises(KeyboardInterrupt):
        services.loop.probe.start(CLINIC, OPERATOR)
    ((mark,),) = audited(services, "probe.started")
    probe_id = mark.removeprefix("probe:")

    early = services.loop.probe.show(CLINIC, probe_id)
    clock.advance(60_000)
    late = services.loop.probe.show(CLINIC, probe_id)

    assert mail_of(early, "success").status == "waiting"
    assert losses(early) == {"bounce": ("sent", "probe_not_sent"), "complaint": ("sent", "probe_not_sent")}
    assert losses(late) == losses(early) | {"success": ("sent", "probe_answer_unknown")}
    assert {mail.loss.hint for mail in late.mails if mail.loss} == {"Start a new probe."}


def test_a_bounce_that_suppresses_nobody_is_lost_at_the_list(services: Services) -> None:
    trail = started(services)
    come(services, trail, "Bounce", bounce_type="Transient", sub_type="MailboxFull", status="4.2.2")

    loss = shown(services, trail, "bounce").loss

    assert loss is not None
    assert (loss.hop, loss.code) == ("suppressed", "probe_not_suppressed")


def test_the_entries_it_caused_are_removed_by_the_lists_rules_and_marked_as_its_own(
    services: Services, clock: Any
) -> None:
    trail = started(services)
    all_come(services, trail)
    assert counted(services, "suppressions") == 2

    cleared = services.loop.probe.clear(CLINIC, trail.probe_id, OPERATOR)

    assert counted(services, "suppressions") == 0
    assert [name for name, _ in hops(mail_of(cleared, "complaint"))][-2:] == ["suppressed", "removed"]
    assert cleared.status == "passed"
    marks = audited(services, "probe.cleared")
    assert [fields[0] for fields in marks] == [f"probe:{trail.probe_id}"] * 2
    assert sorted(fields[1] for fields in marks) == sorted(
        field for fields in audited(services, "suppression.removed") for field in fields
    )


def test_a_bounce_that_comes_after_the_tidying_is_tidied_up_by_the_next_probe(services: Services) -> None:
    trail = started(services)
    services.loop.probe.clear(CLINIC, trail.probe_id, OPERATOR)
    come(services, trail, "Bounce")
    assert counted(services, "suppressions") == 1

    services.loop.probe.start(CLINIC, OPERATOR)

    assert counted(services, "suppressions") == 0


def test_entries_of_others_stay(services: Services) -> None:
    give_ses(services, "c2", fromEmail="noreply@others.example")
    trail = started(services)
    all_come(services, trail)
    bounced = MAILS[1].address(trail.probe_id)
    services.suppressions.add(CLINIC, bounced, ROOT)
    services.suppressions.add("c2", MAILS[2].address(trail.probe_id), ROOT)
    services.suppressions.add(CLINIC, "bounce@simulator.amazonses.com", ROOT)

    services.loop.probe.clear(CLINIC, trail.probe_id, OPERATOR)

    assert reasons(services, CLINIC, bounced) == [("hard_bounce", "clinic")]
    assert reasons(services, "c2", MAILS[2].address(trail.probe_id)) == [("manual", "clinic")]
    assert reasons(services, CLINIC, "bounce@simulator.amazonses.com") == [("manual", "clinic")]
    assert counted(services, "suppressions") == 3


def test_a_probe_that_nobody_tidied_up_is_tidied_up_by_the_next_one(services: Services) -> None:
    trail = started(services)
    all_come(services, trail)

    services.loop.probe.start(CLINIC, OPERATOR)

    assert counted(services, "suppressions") == 0
    assert len(audited(services, "probe.cleared")) == 2


def test_probes_have_an_allowance_of_their_own(another_process: Any, settings: Any) -> None:
    services = another_process(replace(settings, probes_per_hour=1, test_emails_per_hour=1))
    give_ses(services, CLINIC)
    services.loop.probe.start(CLINIC, OPERATOR)
    services.test_emails.send(CLINIC, "me@example.org", ROOT)

    with pytest.raises(TooManyRequestsError) as refused:
        services.loop.probe.start(CLINIC, OPERATOR)

    assert (refused.value.code, refused.value.retry_after) == ("too_many_probes", 3600)
    assert counted(services, "test_sends") == 4


def test_a_clinic_that_sends_through_the_platforms_account_is_probed_through_it(
    services: Services, email_providers: Any
) -> None:
    services.configs.save_clinic_config(clinic_id=CLINIC, actor=ROOT)
    trail = services.loop.probe.start(CLINIC, OPERATOR)
    assert {mail.from_address for mail in email_providers.sent} == {"noreply@healthcare.example"}

    for number, mail in enumerate(MAILS, start=1):
        reported = {"recipient": mail.address(trail.probe_id), "source": "noreply@healthcare.example"}
        services.feedback.record([event(mail.event, mail_message_id=f"platform-{number}", **reported)])

    assert services.loop.probe.show(CLINIC, trail.probe_id).status == "passed"


def test_a_provider_without_events_is_not_probed(services: Services, email_providers: Any) -> None:
    smtp = {"host": "smtp.example.org", "port": 587, "fromEmail": "a@clinic.example"}
    primary = {"provider": "smtp", "enabled": True, "priority": 1, "credentials": smtp}
    services.configs.save_clinic_config(clinic_id=CLINIC, actor=ROOT, email={"primary": primary})

    with pytest.raises(InvalidError) as refused:
        services.loop.probe.start(CLINIC, OPERATOR)

    assert refused.value.code == "probe_needs_ses"
    assert not email_providers.sent


def test_a_probe_of_another_clinic_is_not_found_and_not_tidied_up(services: Services) -> None:
    trail = started(services)
    all_come(services, trail)
    give_ses(services, "c2", fromEmail="noreply@others.example")

    for ask in (
        lambda: services.loop.probe.show("c2", trail.probe_id),
        lambda: services.loop.probe.clear("c2", trail.probe_id, OPERATOR),
    ):
        with pytest.raises(NotFoundError) as refused:
            ask()
        assert refused.value.code == "probe_not_found"
    assert counted(services, "suppressions") == 2


def test_a_trail_is_json_and_names_no_address(services: Services) -> None:
    trail = started(services)
    all_come(services, trail)

    text = json.dumps(probe_document(services.loop.probe.show(CLINIC, trail.probe_id)))

    assert "@" not in text
    assert SHARED_TOPIC not in text
