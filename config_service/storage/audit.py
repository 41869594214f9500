"""The audit trail and the leases of periodic jobs."""

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.models import AuditRow, Lease
from config_service.storage.records import AuditRecord


class AuditRepository:
    """Appends to the audit trail."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def add(self, entry: AuditRecord) -> None:
        """Append one row."""
        rows.insert(self._db, AuditRow, entry)

    def of_clinic(self, clinic_id: str | None, limit: int = 100) -> list[AuditRecord]:
        """Return the latest rows of one clinic, newest first."""
        of = AuditRow.clinic_id.is_null() if clinic_id is None else AuditRow.clinic_id == clinic_id
        query = AuditRow.select().where(of).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)
        return rows.fetch(self._db, query, AuditRecord)


class LeaseRepository:
    """Lets one process at a time do a periodic job."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def take(self, name: str, now: int, until: int) -> bool:
        """Take the lease `name` until then, and return whether it was free."""
        free = Lease.update(until=until).where((Lease.name == name) & (Lease.until <= now))
        if rows.run(self._db, free):
            return True
        first = Lease.insert(name=name, until=until).on_conflict_ignore()
        return bool(rows.run(self._db, first.as_rowcount()))

    def give_back(self, name: str, until: int) -> None:
        """Free the lease that was taken `until` then, unless another process has taken it over."""
        own = (Lease.name == name) & (Lease.until == until)
        rows.run(self._db, Lease.update(until=0).where(own))
