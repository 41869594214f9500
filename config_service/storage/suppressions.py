"""The suppression list, and what people did to it by hand."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import peewee as p

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.models import Suppression, SuppressionAct
from config_service.storage.records import ActRecord, SuppressionRecord

_STREAMED = 500  # entries of a page of a whole list


@dataclass(frozen=True, slots=True)
class SuppressionFilter:
    """Which entries a list shows: not run out `now`, of one reason, behind (`since`, `id`) of a page."""

    now: int
    reason: str | None = None
    before: tuple[int, str] | None = None
    limit: int = 50


class SuppressionRepository:
    """Reads and writes suppressions; `clinic_id` None is the platform-wide list."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def lock(self, places: Iterable[tuple[str | None, Collection[str]]]) -> None:
        """Keep others from deciding on addresses until the transaction ends; each place is (list, hashes).

        All that a transaction needs is locked in one call, so that no two wait for each other.
        """
        self._db.lock(f"{clinic_id or ''}|{found}" for clinic_id, hashes in places for found in hashes)

    def get(self, clinic_id: str | None, suppression_id: str) -> SuppressionRecord | None:
        """Return one entry of one list, or None."""
        query = Suppression.select().where(_of(clinic_id) & (Suppression.id == suppression_id))
        return rows.fetch_one(self._db, query, SuppressionRecord)

    def find(self, clinic_id: str | None, hashes: Collection[str]) -> SuppressionRecord | None:
        """Return the entry of one address on one list, or None."""
        where = f"suppressions WHERE address_hash IN ({rows.marks(hashes)}) AND COALESCE(clinic_id, '') = ?"
        found = rows.select(self._db, SuppressionRecord, where, (*hashes, clinic_id or ""))
        return found[0] if found else None

    def blocking(self, clinic_id: str | None, hashes: Collection[str]) -> list[SuppressionRecord]:
        """Return the entries of these addresses on the clinic's list and on the platform's."""
        of, values = rows.any_of(self._db, "address_hash", hashes)
        where = f"suppressions WHERE {of} AND COALESCE(clinic_id, '') IN (?, '')"
        return rows.select(self._db, SuppressionRecord, where, (*values, clinic_id or ""))

    def of_addresses(self, hashes: Iterable[str]) -> list[SuppressionRecord]:
        """Return the entries of these addresses on any list."""
        of, values = rows.any_of(self._db, "address_hash", hashes)
        return rows.select(self._db, SuppressionRecord, f"suppressions WHERE {of}", values)

    def add_all(self, entries: Sequence[SuppressionRecord]) -> None:
        """Insert entries of addresses that are not on their lists yet."""
        rows.insert_all_new(self._db, "suppressions", entries, ("id",), with_id=True)

    def change(self, entry: SuppressionRecord) -> None:
        """Write the entry over the one of the same list and address, which keeps its id."""
        sql = (
            "UPDATE suppressions SET reason = ?, since = ?, until = ?, address_sealed = ? "
            "WHERE address_hash = ? AND COALESCE(clinic_id, '') = ?"
        )
        changed = (entry.reason, entry.since, entry.until, entry.address_sealed)
        with self._db.reading():
            self._db.execute(sql, (*changed, entry.address_hash, entry.clinic_id or ""))

    def remove(self, clinic_id: str | None, hashes: Collection[str]) -> None:
        """Take an address off one list."""
        where = f"address_hash IN ({rows.marks(hashes)}) AND COALESCE(clinic_id, '') = ?"
        with self._db.reading():
            self._db.execute(f"DELETE FROM suppressions WHERE {where}", (*hashes, clinic_id or ""))

    def page(self, clinic_id: str | None, wanted: SuppressionFilter) -> list[SuppressionRecord]:
        """Return entries that have not run out, newest first."""
        query = Suppression.select().where(
            _of(clinic_id) & (Suppression.until.is_null() | (Suppression.until > wanted.now))
        )
        if wanted.reason:
            query = query.where(Suppression.reason == wanted.reason)
        if wanted.before:
            # Compared as a pair, which the index answers: an OR would walk the list from its beginning.
            query = query.where(p.Tuple(Suppression.since, Suppression.id) < wanted.before)
        newest_first = query.order_by(Suppression.since.desc(), Suppression.id.desc())
        return rows.fetch(self._db, newest_first.limit(wanted.limit), SuppressionRecord)

    def every(self, clinic_id: str | None) -> Iterator[SuppressionRecord]:
        """Yield a whole list, the oldest first, some hundred at a time.

        In the order of the list's index: in another one, each page would sort or search the whole list.
        """
        of, values = ("clinic_id IS NULL", ()) if clinic_id is None else ("clinic_id = ?", (clinic_id,))
        where = f"suppressions WHERE {of} AND (since, id) > (?, ?) ORDER BY since, id LIMIT {_STREAMED}"
        after: tuple[int, str] = (-1, "")
        while True:
            page = rows.select(self._db, SuppressionRecord, where, (*values, *after))
            yield from page
            if len(page) < _STREAMED:
                return
            after = (page[-1].since, page[-1].id)

    def add_act(self, act: ActRecord) -> None:
        """Write down what a person did."""
        rows.insert(self._db, SuppressionAct, act)

    def acts(self, clinic_id: str | None, hashes: Collection[str]) -> list[ActRecord]:
        """Return what people did to one address on one list."""
        return [act for act in self.acts_on(hashes) if act.clinic_id == clinic_id]

    def acts_on(self, hashes: Iterable[str]) -> list[ActRecord]:
        """Return what people did to these addresses on any list."""
        of, values = rows.any_of(self._db, "address_hash", hashes)
        return rows.select(self._db, ActRecord, f"suppression_acts WHERE {of}", values)


def _of(clinic_id: str | None) -> Any:
    return Suppression.clinic_id.is_null() if clinic_id is None else Suppression.clinic_id == clinic_id
