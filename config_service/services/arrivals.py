"""Events as they arrive, and the records that are made of them."""

from typing import Any, NamedTuple

from config_service.clock import Clock, to_ms
from config_service.services.addresses import AddressVault, StoredAddress
from config_service.services.clinic_mapping import HELD_UNREADABLE, Mapping, Question
from config_service.services.suppression_rules import effect_of, identity_of
from config_service.storage.records import EventRecord, FeedbackRecord, HeldEventRecord
from shared.addresses import normalise
from shared.internal_api import FeedbackEvent
from shared.ses import UNREADABLE, SesEvent

DETAIL = "event detail"  # what a remote server said is sealed for this purpose
RAW = "unreadable event"

NO_RECIPIENT = StoredAddress(("",), "")


UNREADABLE_MAPPING = Mapping(HELD_UNREADABLE, held=True)


class Arrival(NamedTuple):
    """An event with its mapping and its recipient in storable form."""

    feedback: FeedbackEvent
    mapping: Mapping
    address: StoredAddress

    @property
    def event(self) -> SesEvent:
        """What SES reports."""
        return self.feedback.event

    @property
    def locks(self) -> tuple[str, ...]:
        """What no two transactions may record at once: locked for a whole batch before its first insert."""
        return (self.feedback.sns_message_id,) if self.address is NO_RECIPIENT else self.address.hashes


class Arrivals:
    """Turns arrivals into what may be stored."""

    def __init__(self, vault: AddressVault, clock: Clock) -> None:
        """Take what seals addresses and texts, and a clock."""
        self._vault = vault
        self._clock = clock

    def address(self, event: SesEvent) -> StoredAddress:
        """Return the recipient in storable form."""
        if event.recipient is None or event.kind == UNREADABLE:
            return NO_RECIPIENT
        return self._vault.store(event.recipient)

    def event_record(self, arrival: Arrival) -> EventRecord:
        """Return the record of an event that has found its clinic."""
        return EventRecord(
            **self._common(arrival),
            clinic_id=arrival.mapping.clinic_id,
            effect=effect_of(arrival.event),
            identity=identity_of(arrival.event),
        )

    def held_record(self, arrival: Arrival) -> HeldEventRecord:
        """Return the record of an event that waits."""
        return HeldEventRecord(
            **self._common(arrival), raw_sealed=self._vault.seal_text(arrival.event.raw, RAW)
        )

    def _common(self, arrival: Arrival) -> dict[str, Any]:
        feedback, mapping, address = arrival
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


def question_of_record(record: FeedbackRecord) -> Question:
    """Return the same of an event that is stored; its source is in its comparable form already."""
    return Question(record.topic_arn, record.source, record.mail_message_id, record.clinic_tag)
