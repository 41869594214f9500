"""The audit trail and the leases of periodic jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import peewee as p

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.models import AuditRow, Lease
from config_service.storage.records import AuditRecord

_STREAMED = 500  # rows of a page of a whole trail


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows: of one clinic, from `since` on, before `until` (ms) and, on a page, before (`at`, `id`)."""

    clinic_id: str | None = None
    since: int | None = None
    until: int | None = None
    before: tuple[int, int] | None = None
    limit: int = 50


class AuditRepository:
    """Appends to the audit trail and reads it; the database refuses every change to what is written."""

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

    def page(self, wanted: AuditFilter) -> list[AuditRecord]:
        """Return rows, newest first."""
        query = _wanted(wanted)
        if wanted.before:
            # Compared as a pair, which the index answers: an OR would walk the trail from its beginning.
            query = query.where(p.Tuple(AuditRow.at, AuditRow.id) < wanted.before)
        newest_first = query.order_by(AuditRow.at.desc(), AuditRow.id.desc())
        return rows.fetch(self._db, newest_first.limit(wanted.limit), AuditRecord)

    def every(self, wanted: AuditFilter) -> Iterator[AuditRecord]:
        """Yield all rows, the oldest first, some hundred at a time."""
        query = _wanted(wanted).order_by(AuditRow.at, AuditRow.id).limit(_STREAMED)
        after = (-1, 0)
        while True:
            page = rows.fetch(self._db, query.where(p.Tuple(AuditRow.at, AuditRow.id) > after), AuditRecord)
            yield from page
            if len(page) < _STREAMED:
                return
            after = (page[-1].at, page[-1].id or 0)


def _wanted(wanted: AuditFilter) -> Any:
    query = AuditRow.select()
    if wanted.clinic_id is not None:
        query = query.where(AuditRow.clinic_id == wanted.clinic_id)
    if wanted.since is not None:
        query = query.where(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditRow.at < wanted.until)
    return query


class LeaseRepository:
    """Lets one process at a time do a periodic job."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def take(self, name: str, now: int, until: int) -> bool:
        """Take the lease `name` until then, and return whether it was free.

        One that ends later than a lease taken now was taken by a clock that ran ahead: it is void.
        """
        over = (Lease.until <= now) | (Lease.until > until)
        if rows.run(self._db, Lease.update(until=until).where((Lease.name == name) & over)):
            return True
        first = Lease.insert(name=name, until=until).on_conflict_ignore()
        return bool(rows.run(self._db, first.as_rowcount()))

    def give_back(self, name: str, until: int) -> None:
        """Free the lease that was taken `until` then, unless another process has taken it over."""
        own = (Lease.name == name) & (Lease.until == until)
        rows.run(self._db, Lease.update(until=0).where(own))
