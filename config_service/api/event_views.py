"""How an event is shown to who may see it."""

from typing import Any

from config_service.api.context import services
from config_service.clock import to_datetime
from config_service.services.arrivals import DETAIL
from config_service.storage.records import FeedbackRecord

EVENT_EXAMPLE = {
    "id": "4711",
    "kind": "Bounce",
    "email": "jane@example.com",
    "at": "2026-01-31T12:00:00+00:00",
    "receivedAt": "2026-01-31T12:00:01+00:00",
    "bounceType": "Permanent",
    "subType": "General",
    "status": "5.1.1",
    "detail": "smtp; 550 5.1.1 user unknown",
    "messageId": "0100018d2b3c4d5e-6f708192-a3b4-c5d6-e7f8-091a2b3c4d5e-000000",
    "source": "noreply@clinic-domain.com",
    "rule": "source",
}


def show_event(event: FeedbackRecord) -> dict[str, Any]:
    """Return an event with its address and the remote server's words opened."""
    vault = services().suppressions.vault
    return {
        "id": str(event.id),
        "kind": event.kind,
        "email": vault.show(event.recipient_hash, event.recipient_sealed),
        "at": to_datetime(event.at),
        "receivedAt": to_datetime(event.received_at),
        "bounceType": event.bounce_type,
        "subType": event.sub_type,
        "status": event.status,
        "detail": vault.show_text(event.detail_sealed, DETAIL),
        "messageId": event.mail_message_id,
        "source": event.source,
        "rule": event.rule,
    }
