"""Records SES events: each in the right clinic's history, exactly once, with what follows from it."""

from collections.abc import Sequence
from itertools import compress

import structlog

from config_service.services.addresses import StoredAddress
from config_service.services.arrivals import UNREADABLE_MAPPING, Arrival, Arrivals, question_of
from config_service.services.clinic_mapping import ClinicMapping
from config_service.services.held_ceiling import HeldCeiling
from config_service.services.suppression_rules import DELIVERY
from config_service.services.suppression_state import Place, SuppressionState
from config_service.storage.database import StorageRefusedError, StorageUnavailableError
from config_service.storage.records import EventRecord
from config_service.storage.repositories import Repositories
from shared.batching import Batcher
from shared.internal_api import (
    DUPLICATE,
    HELD,
    MAX_EVENTS,
    RECORDED,
    REFUSED,
    TRY_LATER,
    FeedbackEvent,
    RecordResult,
)
from shared.ses import UNREADABLE

log = structlog.get_logger(__name__)


class FeedbackService:
    """Records what webhook_service verified."""

    def __init__(
        self,
        repositories: Repositories,
        mapping: ClinicMapping,
        state: SuppressionState,
        arrivals: Arrivals,
        ceiling: HeldCeiling,
    ) -> None:
        """Take what it records with."""
        self._repositories = repositories
        self._mapping = mapping
        self._state = state
        self._arrivals = arrivals
        self._ceiling = ceiling
        self._together = Batcher(self._record, MAX_EVENTS)

    def record(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        """Record `events` and return a result for each, in their order, once they are committed.

        What several threads have recorded at the same time shares one commit. An event that cannot be
        stored is refused alone. Raise StorageUnavailableError where nothing could be committed.
        """
        return list(self._together(events))

    def _record(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        if len(events) == 1:
            return [self._record_alone(events[0])]
        try:
            return self._record_in_one_commit(events)
        except StorageUnavailableError:
            raise
        except Exception:
            # One of them is to blame, and must not keep the others from being recorded.
            log.warning("events are recorded one by one, since they could not be together", exc_info=True)
        return [self._record_alone(event) for event in events]

    def _record_alone(self, event: FeedbackEvent) -> RecordResult:
        try:
            return self._record_in_one_commit([event])[0]
        except StorageUnavailableError:
            raise
        except (StorageRefusedError, ValueError):
            return RecordResult(REFUSED, message="The event holds a value that cannot be stored.")
        except Exception:
            log.exception("an event cannot be recorded", snsMessageId=event.sns_message_id)
            return RecordResult(REFUSED, message="The event could not be recorded: a fault on our side.")

    def _record_in_one_commit(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        addresses = [self._arrivals.address(event.event) for event in events]
        with self._repositories.database.transaction():
            self._repositories.events.lock_messages(
                event.event.mail_message_id for event in events if event.event.mail_message_id
            )
            mappings = self._mapping.find_all([question_of(event) for event in events])
            arrivals = [
                Arrival(event, UNREADABLE_MAPPING if event.event.kind == UNREADABLE else mapping, address)
                for event, mapping, address in zip(events, mappings, addresses, strict=True)
            ]
            self._repositories.suppressions.lock(
                (arrival.mapping.clinic_id, arrival.locks) for arrival in arrivals
            )
            self._repositories.erasures.carry_over(address.hashes for address in addresses)
            return self.place(arrivals)

    def place(self, arrivals: Sequence[Arrival]) -> list[RecordResult]:
        """Store mapped events, inside the caller's transaction, and return what became of each."""
        recorded = iter(self._enter([arrival for arrival in arrivals if not arrival.mapping.held]))
        return [self._hold(arrival) if arrival.mapping.held else next(recorded) for arrival in arrivals]

    def _enter(self, arrivals: Sequence[Arrival]) -> list[RecordResult]:
        """Store events that have found their clinic, with what follows for their addresses."""
        if not arrivals:
            return []
        records = [self._arrivals.event_record(arrival) for arrival in arrivals]
        new = self._add_all(records, arrivals)
        self._repositories.held.forget(
            {
                (arrival.feedback.sns_message_id, each)
                for arrival in arrivals
                for each in arrival.address.hashes
            }
        )
        followed = [
            (Place(record.clinic_id, arrival.address), record.effect, record.at)
            for record, arrival, is_new in zip(records, arrivals, new, strict=True)
            if is_new and record.effect
        ]
        self._state.settle_events(followed)
        self._state.note_deliveries(
            (place.clinic_id, at) for place, effect, at in followed if effect == DELIVERY
        )
        return [
            RecordResult(RECORDED if is_new else DUPLICATE, record.clinic_id, record.rule)
            for record, is_new in zip(records, new, strict=True)
        ]

    def _add_all(self, records: Sequence[EventRecord], arrivals: Sequence[Arrival]) -> list[bool]:
        unknown = [
            not self._known_under_older_key(record, arrival.address)
            for record, arrival in zip(records, arrivals, strict=True)
        ]
        added = iter(self._repositories.events.add_all(list(compress(records, unknown))))
        return [is_unknown and next(added) for is_unknown in unknown]

    def _hold(self, arrival: Arrival) -> RecordResult:
        if self._repositories.events.knows(arrival.feedback.sns_message_id, arrival.address.hashes):
            return RecordResult(DUPLICATE)
        held, record = self._repositories.held, self._arrivals.held_record(arrival)
        hashes = arrival.address.hashes
        # The unique index sees one key's hashes only.
        if len(hashes) > 1 and held.knows(record, hashes):
            return RecordResult(HELD, rule=record.rule)
        if not self._ceiling.has_room(record.topic_arn) and not held.knows(record, hashes):
            return RecordResult(TRY_LATER, rule=record.rule, message="Too many events of its topic are held.")
        held.add(record)
        return RecordResult(HELD, rule=record.rule)

    def _known_under_older_key(self, record: EventRecord, address: StoredAddress) -> bool:
        """The unique indexes see one key's hashes only; a report may come again after the key was rotated."""
        older, events = address.hashes[1:], self._repositories.events
        return bool(older) and (
            events.knows(record.sns_message_id, older) or events.knows_same(record, older)
        )
