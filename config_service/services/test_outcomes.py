"""What became of a test email: the weightiest of the events that SES reported for it."""

from dataclasses import dataclass

from config_service.services.addresses import AddressVault
from config_service.services.arrivals import DETAIL
from config_service.services.sending_order import PLATFORM_ACCOUNT
from config_service.services.suppression_rules import NO_COMPLAINT
from config_service.storage.events import EventRepository
from config_service.storage.records import EventRecord, TestSendRecord

# The weightiest first; a kind that is not here says nothing of the message's fate.
_STATUS_OF = {
    "Complaint": "complained",
    "Bounce": "bounced",
    "Reject": "rejected",
    "Rendering Failure": "rejected",
    "Delivery": "delivered",
    "DeliveryDelay": "delayed",
}
_WEIGHT = {kind: weight for weight, kind in enumerate(_STATUS_OF)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A status, when it was reached (ms), and why, in AWS's and the remote server's words."""

    status: str
    at: int
    reason: str | None = None


class TestOutcomes:
    """Joins test sends with events by SES's message id."""

    __test__ = False  # for pytest: not a test in spite of its name

    def __init__(self, events: EventRepository, vault: AddressVault) -> None:
        """Take the events, and what opens the remote server's words."""
        self._events = events
        self._vault = vault

    def of(self, send: TestSendRecord) -> Outcome:
        """Return what became of `send` so far."""
        if send.message_id is None:
            return Outcome(send.state, send.created_at, send.code)
        events = [event for event in self._events.of_message(send.message_id) if _concerns(event, send)]
        if not events:
            return Outcome("accepted", send.created_at)
        decisive = min(events, key=lambda event: (_WEIGHT[event.kind], event.at))
        return Outcome(_STATUS_OF[decisive.kind], decisive.at, self._reason(decisive))

    def _reason(self, event: EventRecord) -> str | None:
        detail = self._vault.show_text(event.detail_sealed, DETAIL)
        parts = [event.bounce_type, event.sub_type, event.status, detail]
        return ", ".join(part for part in parts if part) or None


def _concerns(event: EventRecord, send: TestSendRecord) -> bool:
    """Whether an event with this message id may speak of this send: another clinic's topic may not."""
    out_of_office = (
        event.bounce_type == "Transient" and event.sub_type == "General" and not event.detail_sealed
    )
    if event.kind not in _STATUS_OF or event.sub_type == NO_COMPLAINT or (out_of_office and not event.status):
        return False  # somebody's answer, or praise: the mail has arrived
    return event.clinic_id == send.clinic_id or (event.clinic_id is None and send.account == PLATFORM_ACCOUNT)
