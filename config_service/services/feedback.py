"""Records SES events: each in the right clinic's history, exactly once, with what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from config_service.clock import Clock, to_ms
from config_service.services.addresses import AddressVault, StoredAddress
from config_service.services.clinic_mapping import HELD_UNREADABLE, ClinicMapping, Mapping, Question
from config_service.services.suppression_rules import DELIVERY, SUPPRESSING, effect_of, identity_of
from config_service.services.suppression_state import SuppressionState
from config_service.storage.database import StorageRefusedError
from config_service.storage.records import EventRecord, HeldEventRecord
from config_service.storage.repositories import Repositories
from shared.addresses import normalise
from shared.internal_api import DUPLICATE, HELD, RECORDED, REFUSED, FeedbackEvent, RecordResult
from shared.ses import UNREADABLE, SesEvent

DETAIL = "event detail"  # what a remote server said is sealed for this purpose
RAW = "unreadable event"

NO_RECIPIENT = StoredAddress(("",), "")


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An event with its mapping and its recipient in storable form."""

    feedback: FeedbackEvent
    mapping: Mapping
    address: StoredAddress

    @property
    def event(self) -> SesEvent:
        return self.feedback.event

    @property
    def locks(self) -> tuple[str, ...]:
        """What no two transactions may record at once: locked for a whole batch before its first insert."""
        return (self.feedback.sns_message_id,) if self.address is NO_RECIPIENT else self.address.hashes


class FeedbackService:
    """Records what webhook_service verified."""

    def __init__(
        self,
        repositories: Repositories,
        mapping: ClinicMapping,
        state: SuppressionState,
        vault: AddressVault,
        clock: Clock,
    ) -> None:
        """Take what it records with."""
        self._repositories = repositories
        self._mapping = mapping
        self._state = state
        self._vault = vault
        self._clock = clock

    def record(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        """Record `events` in one commit and return a result for each, in their order.

        An event that cannot be stored is refused alone. Raise StorageUnavailableError where nothing
        could be committed.
        """
        try:
            with self._repositories.database.transaction():
                return self._record_all(events)
        except (StorageRefusedError, ValueError):
            if len(events) == 1:
                return [RecordResult(REFUSED, message="The event holds a value that cannot be stored.")]
        return [result for event in events for result in self.record([event])]

    def _record_all(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        self._repositories.events.lock_messages(
            event.event.mail_message_id for event in events if event.event.mail_message_id
        )
        arrivals = [self._arrive(event) for event in events]
        self._repositories.suppressions.lock(
            (arrival.mapping.clinic_id, arrival.locks) for arrival in arrivals
        )
        results = [self._place(arrival.feedback, arrival.mapping, arrival.address) for arrival in arrivals]
        self._state.note_deliveries(
            (result.clinic_id, to_ms(arrival.event.at))
            for arrival, result in zip(arrivals, results, strict=True)
            if result.result == RECORDED and effect_of(arrival.event) == DELIVERY
        )
        return results

    def _arrive(self, feedback: FeedbackEvent) -> _Arrival:
        event = feedback.event
        if event.kind == UNREADABLE:
            return _Arrival(feedback, Mapping(HELD_UNREADABLE, held=True), NO_RECIPIENT)
        address = self._vault.store(event.recipient) if event.recipient else NO_RECIPIENT
        return _Arrival(feedback, self._mapping.find(question_of(feedback)), address)

    def place(self, feedback: FeedbackEvent, mapping: Mapping, address: StoredAddress) -> RecordResult:
        """Store one mapped event, inside the caller's transaction, and return what became of it."""
        result = self._place(feedback, mapping, address)
        if result.result == RECORDED and effect_of(feedback.event) == DELIVERY:
            self._state.note_deliveries([(result.clinic_id, to_ms(feedback.event.at))])
        return result

    def _place(self, feedback: FeedbackEvent, mapping: Mapping, address: StoredAddress) -> RecordResult:
        if mapping.held:
            return self._hold(feedback, mapping, address)
        event, clinic_id = feedback.event, mapping.clinic_id
        record = EventRecord(
            **self._common(feedback, mapping, address),
            clinic_id=clinic_id,
            effect=effect_of(event),
            identity=identity_of(event),
        )
        known = self._known_under_older_key(record, address)
        added = not known and self._repositories.events.add(record)
        self._repositories.held.forget(feedback.sns_message_id, address.hashes)
        if added and record.effect in SUPPRESSING:
            self._state.settle(clinic_id, address)
        elif added and record.effect == DELIVERY:
            self._state.settle_delivery(clinic_id, address, record.at)
        return RecordResult(RECORDED if added else DUPLICATE, clinic_id, mapping.rule)

    def _hold(self, feedback: FeedbackEvent, mapping: Mapping, address: StoredAddress) -> RecordResult:
        if self._repositories.events.knows(feedback.sns_message_id, address.hashes):
            return RecordResult(DUPLICATE)
        record = HeldEventRecord(
            **self._common(feedback, mapping, address),
            raw_sealed=self._vault.seal_text(feedback.event.raw, RAW),
        )
        self._repositories.held.add(record)
        return RecordResult(HELD, rule=mapping.rule)

    def _known_under_older_key(self, record: EventRecord, address: StoredAddress) -> bool:
        """The unique indexes see one key's hashes only; a report may come again after the key was rotated."""
        older, events = address.hashes[1:], self._repositories.events
        return bool(older) and (
            events.knows(record.sns_message_id, older) or events.knows_same(record, older)
        )

    def _common(self, feedback: FeedbackEvent, mapping: Mapping, address: StoredAddress) -> dict[str, Any]:
        event = feedback.event
        return {
            "sns_message_id": feedback.sns_message_id,
            "topic_arn": feedback.topic_arn,
            "kind": event.kind,
            "at": max(0, to_ms(event.at)),
            "received_at": self._clock(),
            "rule": mapping.rule,
            "source": normalise(event.source),
            "mail_message_id": event.mail_message_id,
            "clinic_tag": event.clinic_tag,
            "recipient_hash": address.hash,
            "recipient_sealed": address.sealed or None,
            "bounce_type": event.bounce_type,
            "sub_type": event.sub_type,
            "status": event.status,
            "detail_sealed": self._vault.seal_text(event.detail, DETAIL),
        }


def question_of(feedback: FeedbackEvent) -> Question:
    """Return what the mapping asks of an event."""
    event = feedback.event
    return Question(feedback.topic_arn, normalise(event.source), event.mail_message_id, event.clinic_tag)
