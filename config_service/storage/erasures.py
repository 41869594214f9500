"""Erased addresses: their hashes, which triggers know by, and the blanking of what is stored already."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.event_models import HeldEvent
from config_service.storage.records import HeldEventRecord

EVERYWHERE = ""  # the scope of an erasure over all clinics; another scope is a clinic's id
ERASE = "erase"  # the act that an erasure leaves


@dataclass(frozen=True, slots=True)
class _Holder:
    """A table in which addresses stand sealed in `blanked`; `parts` are conditions with an index each."""

    table: str
    hash: str
    blanked: tuple[str, ...]
    reworded: str = ""
    parts: Sequence[str] = ("",)


_OF_EVENTS = (" AND effect <> ''", " AND effect = ''")
# In the order in which recording, and adding by hand, write to them: so no two wait for each other.
_HOLDERS = (
    _Holder("test_sends", "recipient_hash", ("recipient_sealed",)),
    _Holder("events", "recipient_hash", ("recipient_sealed",), "detail_sealed", _OF_EVENTS),
    _Holder("held_events", "recipient_hash", ("recipient_sealed",), "detail_sealed"),
    _Holder(
        "suppression_acts",
        "address_hash",
        ("address_sealed", "note_sealed"),
        "",
        (f" AND action <> '{ERASE}'",),
    ),
    _Holder("suppressions", "address_hash", ("address_sealed",)),
)
_WITHOUT_CLINIC = {"held_events"}


class ErasureRepository:
    """Marks addresses as erased and blanks them."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def lock_writers(self) -> None:
        """Wait for whoever is writing addresses, and keep others from it until the transaction ends.

        What is written later meets the triggers, which see the mark.
        """
        if not self._db.is_sqlite:
            self._db.execute(
                f"LOCK TABLE {', '.join(holder.table for holder in _HOLDERS)} IN SHARE ROW EXCLUSIVE MODE"
            )

    def knows(self, hashes: Collection[str], scope: str) -> bool:
        """Whether anything is stored of an address within `scope`, erased or not."""
        holders = _in_scope(scope)
        places = [self._where(each, hashes, scope) + part for each in holders for part in each.parts]
        values = (*hashes, *((scope,) if scope else ()))
        marked = f"erased_addresses WHERE address_hash IN ({rows.marks(hashes)}) AND scope = ?"
        return any(self._any(place, values) for place in places) or self._any(marked, (*hashes, scope))

    def mark(self, hashes: Iterable[str], scope: str, at: int) -> None:
        """Have the triggers blank what comes in for these hashes from now on."""
        sql = "INSERT INTO erased_addresses (address_hash, scope, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        for found in hashes:
            self._db.execute(sql, (found, scope, at))

    def carry_over(self, addresses: Iterable[Sequence[str]]) -> None:
        """Mark the newest hash of each address that was erased under an older key; hashes come newest first.

        Needed only where there are several keys: the triggers see no other hash than the row's.
        """
        newest = {older: hashes[0] for hashes in addresses for older in hashes[1:]}
        if not newest:
            return
        of, values = rows.any_of(self._db, "address_hash", newest)
        sql = f"SELECT address_hash, scope, at FROM erased_addresses WHERE {of}"
        with self._db.reading():
            for older, scope, at in self._db.execute(sql, values).fetchall():
                self.mark([newest[older]], scope, at)

    def blank(self, hashes: Collection[str], scope: str, text: str | None) -> dict[str, int]:
        """Blank what is stored of an address and return how many rows changed, by table.

        Remote servers' words about it become `text`, sealed: whether there were any still counts.
        """
        changed: dict[str, int] = {}
        for holder in _in_scope(scope):
            where = self._where(holder, hashes, scope).removeprefix(holder.table)
            sql = f"UPDATE {holder.table} SET {_blanks(holder)}{where} AND ({_filled(holder)})"
            values = (*((text,) if holder.reworded else ()), *hashes, *((scope,) if scope else ()))
            counts = [self._db.execute(sql + part, values).rowcount for part in holder.parts]
            changed[holder.table] = sum(counts)
        return changed

    def unreadable(self, after: int, limit: int) -> list[HeldEventRecord]:
        """Return held events that carry SES's own text, in the order of their arrival."""
        query = HeldEvent.select().where((HeldEvent.id > after) & HeldEvent.raw_sealed.is_null(is_null=False))
        return rows.fetch(self._db, query.order_by(HeldEvent.id).limit(limit), HeldEventRecord)

    def redact(self, event_id: int, raw: str | None, detail: str | None) -> None:
        """Replace the sealed texts of a held event."""
        query = HeldEvent.update(raw_sealed=raw, detail_sealed=detail).where(HeldEvent.id == event_id)
        rows.run(self._db, query)

    def _where(self, holder: _Holder, hashes: Collection[str], scope: str) -> str:
        of_clinic = " AND clinic_id = ?" if scope else ""
        return f"{holder.table} WHERE {holder.hash} IN ({rows.marks(hashes)}){of_clinic}"

    def _any(self, place: str, values: tuple[str, ...]) -> bool:
        return bool(self._db.execute(f"SELECT 1 FROM {place} LIMIT 1", values).fetchone())


def _in_scope(scope: str) -> list[_Holder]:
    return [holder for holder in _HOLDERS if not scope or holder.table not in _WITHOUT_CLINIC]


def _blanks(holder: _Holder) -> str:
    blanks = [f"{column} = NULL" for column in holder.blanked]
    words = holder.reworded
    return ", ".join(
        [*blanks, *([f"{words} = CASE WHEN {words} IS NULL THEN NULL ELSE ? END"] if words else [])]
    )


def _filled(holder: _Holder) -> str:
    return " OR ".join(f"{column} IS NOT NULL" for column in holder.blanked)
