"""The public API's blueprints: where each is, and under which name it is guarded and documented."""

from config_service.api import (
    communication,
    events,
    held_events,
    suppression_transfer,
    suppressions,
    test_emails,
)

_CLINIC = "/api/v1/clinics/<clinic_id>/communication"
_PLATFORM = "/api/v1"
# In the order of the documentation. The suppression list stands twice: a clinic's, and the platform's own.
BLUEPRINTS = (
    (communication.bp, _CLINIC, communication.bp.name),
    (test_emails.bp, _CLINIC, test_emails.bp.name),
    (suppressions.bp, f"{_CLINIC}/suppressions", suppressions.bp.name),
    (suppression_transfer.bp, f"{_CLINIC}/suppressions", suppression_transfer.bp.name),
    (events.bp, _CLINIC, events.bp.name),
    (suppressions.bp, f"{_PLATFORM}/suppressions", "platform suppressions"),
    (suppression_transfer.bp, f"{_PLATFORM}/suppressions", "platform suppression transfer"),
    (held_events.bp, f"{_PLATFORM}/events/held", held_events.bp.name),
)
