"""Follows the mails of a probe through what is stored: the test email, its events, the suppression list."""

from collections.abc import Mapping, Sequence

from config_service.errors import NotFoundError
from config_service.services.addresses import AddressVault
from config_service.services.clinic_mapping import (
    HELD_CONTESTED_TOPIC,
    HELD_FOREIGN_SOURCE,
    HELD_UNKNOWN_SOURCE,
    HELD_UNKNOWN_TOPIC,
)
from config_service.services.probe.mails import MAILS, ProbeMail
from config_service.services.probe.trail import (
    EVENT,
    RECORDED,
    REMOVED,
    SENT,
    SUPPRESSED,
    Hop,
    Loss,
    MailTrail,
    Patience,
    ProbeTrail,
    no_event,
)
from config_service.services.test_emails import REFUSED, SENDING
from config_service.storage.records import EventRecord, TestSendRecord
from config_service.storage.repositories import Repositories
from shared.errors import ServiceError

_HELD_LOOKED_AT = 20
_WHY_HELD = {
    HELD_UNKNOWN_TOPIC: "its topic is neither shared (AWS_SNS_TOPIC_ARN) nor this clinic's snsTopicArn",
    HELD_FOREIGN_SOURCE: "its sender is another clinic's, or is not proven to be this one's",
    HELD_CONTESTED_TOPIC: "several clinics have its topic in their settings",
    HELD_UNKNOWN_SOURCE: "no clinic has its sender in its settings",
}


class Following:
    """Reads trails; changes nothing."""

    def __init__(self, repositories: Repositories, vault: AddressVault, patience: Patience) -> None:
        """Take what is read, what makes hashes, and how long an event is waited for."""
        self._repositories = repositories
        self._vault = vault
        self._patience = patience

    def trail(
        self, clinic_id: str, probe_id: str, refusals: Mapping[str, ServiceError] | None = None
    ) -> ProbeTrail:
        """Return how far a probe has come; `refusals`, by mailbox, are what SES has just answered.

        Raise NotFoundError where the clinic has no such probe.
        """
        found = {mail: self._repositories.test_sends.get(clinic_id, mail.test_id(probe_id)) for mail in MAILS}
        sends = [send for send in found.values() if send]
        if not sends:
            raise NotFoundError("This clinic has no probe with this id.", code="probe_not_found")
        trails = [self._of(mail, send, probe_id, refusals or {}) for mail, send in found.items()]
        return ProbeTrail(probe_id, min(send.created_at for send in sends), tuple(trails))

    def _of(
        self,
        mail: ProbeMail,
        send: TestSendRecord | None,
        probe_id: str,
        refusals: Mapping[str, ServiceError],
    ) -> MailTrail:
        if send is None:
            return _lost(
                mail, [], Loss(SENT, "probe_not_sent", "The mail was not sent.", "Start a new probe.")
            )
        if send.state == REFUSED:
            return _lost(mail, [], _refusal(send, refusals.get(mail.mailbox)))
        if send.state == SENDING or send.message_id is None:
            return self._unanswered(mail, send)
        return self._accepted(mail, send, send.message_id, probe_id)

    def _accepted(self, mail: ProbeMail, send: TestSendRecord, message_id: str, probe_id: str) -> MailTrail:
        sent = Hop(SENT, send.accepted_at - send.created_at if send.accepted_at else None)
        events = self._repositories.events.of_message(message_id)
        wanted = [event for event in events if event.kind == mail.event]
        mine = [event for event in wanted if event.clinic_id == send.clinic_id]
        if mine:
            return self._recorded(mail, send, probe_id, [sent, *_arrival(send, mine[0])])
        if loss := _elsewhere(wanted) or self._held(mail, message_id):
            return _lost(mail, [sent, Hop(EVENT)], loss)
        if self._patience.used_up(send.created_at):
            seen, seconds = {event.kind for event in events}, self._patience.limit_ms // 1000
            return _lost(mail, [sent], no_event(mail.event, send.clinic_id, sorted(seen), seconds))
        return MailTrail(mail.mailbox, mail.event, (sent,), waiting=True)

    def _unanswered(self, mail: ProbeMail, send: TestSendRecord) -> MailTrail:
        if not self._patience.used_up(send.created_at):
            return MailTrail(mail.mailbox, mail.event, waiting=True)
        told = "SES's answer is not known: the service ended, or lost its database, while it sent."
        return _lost(mail, [], Loss(SENT, "probe_answer_unknown", told, "Start a new probe."))

    def _recorded(
        self, mail: ProbeMail, send: TestSendRecord, probe_id: str, hops: Sequence[Hop]
    ) -> MailTrail:
        if not mail.suppresses:
            return MailTrail(mail.mailbox, mail.event, tuple(hops))
        hashes = self._vault.hashes(mail.address(probe_id))
        if self._repositories.suppressions.find(send.clinic_id, hashes):
            return MailTrail(mail.mailbox, mail.event, (*hops, Hop(SUPPRESSED)))
        acts = self._repositories.suppressions.acts(send.clinic_id, hashes)
        if any(act.action == "remove" for act in acts):
            return MailTrail(mail.mailbox, mail.event, (*hops, Hop(SUPPRESSED), Hop(REMOVED)))
        told = f"The {mail.event} is recorded, and the address is not on the clinic's suppression list."
        hint = "Look at the event: GET .../communication/events. Permanent bounces and complaints suppress."
        return _lost(mail, hops, Loss(SUPPRESSED, "probe_not_suppressed", told, hint))

    def _held(self, mail: ProbeMail, message_id: str) -> Loss | None:
        held = self._repositories.held.of_message(message_id, _HELD_LOOKED_AT)
        waiting = next((event for event in held if event.kind == mail.event), None)
        if waiting is None:
            return None
        why = _WHY_HELD.get(waiting.rule, waiting.rule)
        told = f"The {mail.event} event came and is held: {why}."
        hint = f"It is {waiting.id} in GET /api/v1/events/held, and is applied by itself once that is mended."
        return Loss(RECORDED, "probe_event_held", told, hint)


def _arrival(send: TestSendRecord, event: EventRecord) -> tuple[Hop, Hop]:
    """Return when SES says it happened, and when it came here; AWS's clock may be behind this machine's."""
    return (
        Hop(EVENT, max(0, event.at - send.created_at)),
        Hop(RECORDED, max(0, event.received_at - send.created_at)),
    )


def _elsewhere(wanted: Sequence[EventRecord]) -> Loss | None:
    if not wanted:
        return None
    whose = "for another clinic" if wanted[0].clinic_id else "for the platform, not for this clinic"
    told = f"The event is recorded {whose} (by the rule {wanted[0].rule!r})."
    hint = "Compare fromEmail and snsTopicArn in the clinics' settings: an address and a topic belong to one."
    return Loss(RECORDED, "probe_recorded_elsewhere", told, hint)


def _refusal(send: TestSendRecord, error: ServiceError | None) -> Loss:
    if error is not None:
        return Loss(SENT, error.code, error.message, error.hint)
    hint = "POST .../communication/test-email answers with what to do about it."
    return Loss(SENT, send.code or "refused", "SES refused the mail.", hint)


def _lost(mail: ProbeMail, hops: Sequence[Hop], loss: Loss) -> MailTrail:
    return MailTrail(mail.mailbox, mail.event, tuple(hops), loss)
