"""Writes down who did what; in the transaction of the deed, so that neither is there without the other."""

from collections.abc import Iterator, Sequence

from config_service.clock import Clock
from config_service.services.principal import Principal
from config_service.storage.audit import AuditFilter, AuditRepository
from config_service.storage.records import AuditRecord
from shared.access_line import current_request_id


class AuditTrail:
    """Appends audit rows, and shows them."""

    def __init__(self, repository: AuditRepository, clock: Clock) -> None:
        """Take where rows go and what tells the time."""
        self._repository = repository
        self._clock = clock

    def write(self, actor: Principal, action: str, clinic_id: str | None, fields: Sequence[str] = ()) -> None:
        """Append one row: `fields` names what was touched, never its values."""
        self._repository.add(
            AuditRecord(
                at=self._clock(),
                actor=actor.name,
                role=actor.role,
                request_id=current_request_id(),
                action=action,
                clinic_id=clinic_id,
                fields=list(fields),
            )
        )

    def page(self, wanted: AuditFilter) -> list[AuditRecord]:
        """Return rows, newest first."""
        return self._repository.page(wanted)

    def export(self, wanted: AuditFilter, actor: Principal) -> Iterator[AuditRecord]:
        """Return all rows, the oldest first; the export itself is audited."""
        self.write(actor, "audit.exported", wanted.clinic_id)
        return self._repository.every(wanted)
