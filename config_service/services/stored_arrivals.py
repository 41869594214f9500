"""What was stored of an event, turned back into what arrived, so that it can be recorded anew."""

from dataclasses import dataclass

from config_service.clock import to_datetime
from config_service.services.addresses import AddressVault, StoredAddress
from config_service.services.arrivals import DETAIL, NO_RECIPIENT, Arrival
from config_service.services.clinic_mapping import Mapping
from config_service.storage.records import FeedbackRecord
from shared.internal_api import FeedbackEvent
from shared.ses import SesEvent


@dataclass(frozen=True, slots=True)
class StoredArrivals:
    """Opens what was sealed of an event."""

    vault: AddressVault

    def of(self, record: FeedbackRecord, mapping: Mapping) -> Arrival:
        """Return the event of `record`, mapped anew; raise a ServiceError where it cannot be opened."""
        shown = self.vault.show(record.recipient_hash, record.recipient_sealed)
        return Arrival(self._feedback(record, shown), mapping, self._address(record, shown))

    def _address(self, record: FeedbackRecord, shown: str | None) -> StoredAddress:
        if not record.recipient_hash:
            return NO_RECIPIENT
        return self.vault.store(shown) if shown else StoredAddress((record.recipient_hash,), "")

    def _feedback(self, record: FeedbackRecord, shown: str | None) -> FeedbackEvent:
        event = SesEvent(
            kind=record.kind,
            at=to_datetime(record.at),
            # An address that was erased is empty, not None: the event is still about somebody.
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
