"""The public API's blueprints: where each is, and under which name it is guarded and documented."""

from config_service.api import (
    audit,
    communication,
    drift,
    erasure,
    events,
    health,
    held_events,
    probes,
    suppression_transfer,
    suppressions,
    test_emails,
)

_CLINIC = "/api/v1/clinics/<clinic_id>/communication"
_PLATFORM = "/api/v1"
# In the order of the documentation. What stands twice is a clinic's, and the platform's own.
BLUEPRINTS = (
    (communication.bp, _CLINIC, communication.bp.name),
    (test_emails.bp, _CLINIC, test_emails.bp.name),
    (probes.bp, _CLINIC, probes.bp.name),
    (suppressions.bp, f"{_CLINIC}/suppressions", suppressions.bp.name),
    (suppression_transfer.bp, f"{_CLINIC}/suppressions", suppression_transfer.bp.name),
    (erasure.bp, f"{_CLINIC}/suppressions", erasure.bp.name),
    (drift.bp, f"{_CLINIC}/suppressions", drift.bp.name),
    (events.bp, _CLINIC, events.bp.name),
    (audit.bp, _CLINIC, audit.bp.name),
    (health.bp, _CLINIC, health.bp.name),
    (suppressions.bp, f"{_PLATFORM}/suppressions", "platform suppressions"),
    (suppression_transfer.bp, f"{_PLATFORM}/suppressions", "platform suppression transfer"),
    (erasure.bp, f"{_PLATFORM}/suppressions", "platform erasure"),
    (audit.bp, _PLATFORM, "platform audit"),
    (held_events.bp, f"{_PLATFORM}/events/held", held_events.bp.name),
)
