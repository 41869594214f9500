"""Events that wait for their clinic: shown, assigned by a person, or applied once the mapping knows more."""

from dataclasses import dataclass

import structlog

from config_service.clock import to_datetime
from config_service.errors import InvalidError, NotFoundError
from config_service.services.addresses import AddressVault, StoredAddress
from config_service.services.arrivals import DETAIL, NO_RECIPIENT, RAW, Arrival, question_of_record
from config_service.services.audit_trail import AuditTrail
from config_service.services.clinic_mapping import (
    RULE_ASSIGNED,
    RULE_DOMAIN,
    RULE_SOURCE,
    RULE_TAG,
    RULE_TOPIC,
    ClinicMapping,
    Mapping,
)
from config_service.services.feedback import FeedbackService
from config_service.services.principal import Principal
from config_service.services.suppression_state import SuppressionState
from config_service.storage.records import EventRecord, FeedbackRecord, HeldEventRecord
from config_service.storage.repositories import Repositories
from shared.addresses import domain_of
from shared.errors import ServiceError
from shared.internal_api import FeedbackEvent, RecordResult
from shared.ses import UNREADABLE, SesEvent

log = structlog.get_logger(__name__)

_PAGE = 200
_AT_ONCE = 100  # handled in a request; the sweep does the rest
_CLAIMED = {RULE_TOPIC, RULE_SOURCE, RULE_DOMAIN, RULE_TAG}  # rules that rest on what a clinic wrote down


@dataclass(frozen=True, slots=True)
class HeldEvents:
    """Works off the queue of held events."""

    repositories: Repositories
    mapping: ClinicMapping
    feedback: FeedbackService
    state: SuppressionState
    vault: AddressVault
    audit: AuditTrail

    def page(self, after: int, limit: int) -> list[HeldEventRecord]:
        """Return held events in the order of their arrival."""
        return self.repositories.held.page(after, limit)

    def assign(self, event_id: int, clinic_id: str, actor: Principal) -> RecordResult:
        """Give a held event its clinic by hand; raise NotFoundError where either does not exist."""
        with self.repositories.database.transaction():
            held = self._existing(event_id)
            if held.kind == UNREADABLE:
                raise InvalidError("This event cannot be read, so that it says nothing of a clinic's mail.")
            if not self.repositories.clinics.exists(clinic_id):
                raise NotFoundError(f"There is no clinic {clinic_id!r}.", code="clinic_not_found")
            result = self._apply(held, Mapping(RULE_ASSIGNED, clinic_id))
            if result is None:
                raise NotFoundError("The held event has been applied meanwhile.")
            self.audit.write(actor, "held_event.assigned", clinic_id, [f"heldEvent:{event_id}"])
            return result

    def show(self, event_id: int, actor: Principal) -> tuple[HeldEventRecord, str | None]:
        """Return a held event and, of one that could not be read, SES's text; the opening is audited."""
        with self.repositories.database.transaction():
            held = self._existing(event_id)
            self.audit.write(actor, "held_event.opened", None, [f"heldEvent:{event_id}"])
        return held, self.vault.show_text(held.raw_sealed, RAW)

    def dismiss(self, event_id: int, actor: Principal) -> None:
        """Take a held event out, since a person has seen that nothing follows from it."""
        with self.repositories.database.transaction():
            self._existing(event_id)
            self.repositories.held.remove(event_id)
            self.audit.write(actor, "held_event.dismissed", None, [f"heldEvent:{event_id}"])

    def _existing(self, event_id: int) -> HeldEventRecord:
        held = self.repositories.held.get(event_id)
        if held is None:
            raise NotFoundError("There is no such held event; it may have been applied meanwhile.")
        return held

    def retry(self) -> int:
        """Ask the mapping again about every held event and return how many have been applied."""
        applied, after = 0, 0
        while page := self.repositories.held.page(after, _PAGE):
            applied += self._retry_all(page)
            after = page[-1].id or after
        return applied

    def retry_clinic(self, clinic_id: str) -> int:
        """Ask again about events that name an address or topic of this clinic; return how many applied."""
        values = [identity.value for identity in self.repositories.clinics.identities_of(clinic_id)]
        return self._retry_all(self.repositories.held.naming(values, _AT_ONCE))

    def retry_message(self, mail_message_id: str) -> int:
        """Ask again about the held events of one message; return how many applied."""
        return self._retry_all(self.repositories.held.of_message(mail_message_id, _AT_ONCE))

    def move_message(self, mail_message_id: str) -> None:
        """Ask again about the recorded events of a message, in the transaction that learnt whose it is.

        The lock is the one that `FeedbackService.record` takes before it asks: an event that comes at this
        moment either sees the send, or is seen here.
        """
        with self.repositories.database.transaction():
            self.repositories.events.lock_messages([mail_message_id])
            for event in self.repositories.events.of_message(mail_message_id):
                self._move(event)

    def _retry_all(self, events: list[HeldEventRecord]) -> int:
        applied = 0
        for event in self._answerable(events):
            try:
                applied += self._retry(event)
            except ServiceError as error:  # it waits, for its key say; the others need not
                log.warning("a held event cannot be applied", heldEvent=event.id, code=error.code)
                self.repositories.database.ping()  # where the database is away, none of them can
        return applied

    def _answerable(self, events: list[HeldEventRecord]) -> list[HeldEventRecord]:
        """Return those that have a clinic now. Most still wait: a few queries for all of them tell so."""
        readable = [event for event in events if event.kind != UNREADABLE]
        mappings = self.mapping.find_all([question_of_record(event) for event in readable])
        return [event for event, mapping in zip(readable, mappings, strict=True) if not mapping.held]

    def _retry(self, held: HeldEventRecord) -> int:
        if self._found(held) is None:  # without the write lock
            return 0
        with self.repositories.database.transaction():
            mapping = self._found(held)
            return int(mapping is not None and self._apply(held, mapping) is not None)

    def _found(self, held: HeldEventRecord) -> Mapping | None:
        mapping = self.mapping.find(question_of_record(held))
        proven = not mapping.held and self._is_proven(mapping, held.source, held.topic_arn)
        return mapping if proven else None

    def _apply(self, held: HeldEventRecord, mapping: Mapping) -> RecordResult | None:
        """Record a held event for its clinic; None where another process has done it meanwhile."""
        assert held.id is not None
        address = self._address(held)
        self.repositories.suppressions.lock([(mapping.clinic_id, address.hashes)])
        if self.repositories.held.get(held.id) is None:
            return None
        (result,) = self.feedback.place([Arrival(self._feedback(held), mapping, address)])
        self.repositories.held.remove(held.id)
        return result

    def _move(self, event: EventRecord) -> None:
        mapping = self.mapping.find(question_of_record(event))
        if mapping.held or mapping.clinic_id == event.clinic_id or event.id is None:
            return
        address = self._address(event)
        both = (event.clinic_id, mapping.clinic_id)
        self.repositories.suppressions.lock((clinic_id, address.hashes) for clinic_id in both)
        self.repositories.events.remove(event.id)
        if address is not NO_RECIPIENT:
            self.state.settle(event.clinic_id, address)
        self.feedback.place([Arrival(self._feedback(event), mapping, address)])

    def _is_proven(self, mapping: Mapping, source: str | None, topic_arn: str) -> bool:
        """Old events are not handed to a clinic on the word of its own administrator alone."""
        if mapping.clinic_id is None or mapping.rule not in _CLAIMED:
            return True
        unproven = self.repositories.clinics.unproven(mapping.clinic_id)
        if mapping.rule == RULE_TOPIC:
            return topic_arn not in unproven
        if mapping.rule != RULE_DOMAIN:
            return source not in unproven
        users = self.repositories.clinics.users_of_domain(domain_of(source or ""))
        return any(user.value not in unproven for user in users)

    def _address(self, record: FeedbackRecord) -> StoredAddress:
        if not record.recipient_hash:
            return NO_RECIPIENT
        shown = self.vault.show(record.recipient_hash, record.recipient_sealed)
        return self.vault.store(shown) if shown else StoredAddress((record.recipient_hash,), "")

    def _feedback(self, record: FeedbackRecord) -> FeedbackEvent:
        # An address that was erased is empty, not None: the event is still about somebody.
        shown = self.vault.show(record.recipient_hash, record.recipient_sealed)
        event = SesEvent(
            kind=record.kind,
            at=to_datetime(record.at),
            recipient=shown or "" if record.recipient_hash else None,
            source=record.source,
            mail_message_id=record.mail_message_id,
            clinic_tag=record.clinic_tag,
            bounce_type=record.bounce_type,
            sub_type=record.sub_type,
            status=record.status,
            detail=self.vault.show_text(record.detail_sealed, DETAIL),
        )
        return FeedbackEvent(record.sns_message_id, record.topic_arn, event)
