"""The tables in which addresses are known by their hash, so that all can be hashed with another key."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.erasures import ERASE
from config_service.storage.records import SuppressionRecord
from config_service.storage.windows import Window

_LONGEST_ID = 32  # characters of a key's id


@dataclass(frozen=True, slots=True)
class HashedTable:
    """A table with a hash and the sealed address beside it.

    `clinic` is whose list its row is about; no two rows have the hash and one of `unique` in common.
    """

    name: str
    hash: str
    sealed: str
    clinic: str = "clinic_id"
    unique: Sequence[Sequence[str]] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class HashedRow:
    """A row with the hash of an older key."""

    id: str | int
    hash: str
    sealed: str | None
    clinic_id: str | None


_CLINIC = "COALESCE({}.clinic_id, '')"
SUPPRESSIONS = HashedTable("suppressions", "address_hash", "address_sealed", unique=((_CLINIC,),))
# An act of erasure decides nothing: it may keep a hash that nobody can make any more.
ACTS = HashedTable("suppression_acts", "address_hash", "address_sealed", where=f"AND action <> '{ERASE}'")
TABLES = (
    ACTS,  # first: some are found by the hashes of the others
    SUPPRESSIONS,
    HashedTable(
        "events",
        "recipient_hash",
        "recipient_sealed",
        unique=(("{}.sns_message_id", "{}.kind"), ("{}.mail_message_id", "{}.identity", _CLINIC)),
    ),
    HashedTable(
        "held_events",
        "recipient_hash",
        "recipient_sealed",
        clinic="NULL",
        unique=(("{}.sns_message_id", "{}.kind"),),
    ),
    HashedTable("test_sends", "recipient_hash", "recipient_sealed"),
)


class HashedAddressRepository:
    """Reads and replaces hashes."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def key_ids(self, table: HashedTable, window: Window) -> Counter[str]:
        """Return how many rows of a window have a hash of each key."""
        where, values = window.condition
        sql = (
            f"SELECT substr({table.hash}, 1, {_LONGEST_ID + 1}) FROM {table.name} "
            f"WHERE {where} AND {table.hash} <> '' {table.where}"
        )
        with self._db.reading():
            found = self._db.execute(sql, values).fetchall()
        return Counter(start.partition(":")[0] for (start,) in found)

    def of_older_keys(self, table: HashedTable, key_id: str, window: Window) -> list[HashedRow]:
        """Return the rows of a window whose hash is not of the key `key_id`."""
        where, values = window.condition
        # Not LIKE: it takes capitals for small letters on SQLite, and `_` for anything.
        start = f"substr({table.hash}, 1, {len(key_id) + 1}) <> ?"
        return self._rows(
            table, f"{where} AND {table.hash} <> '' AND {start} {table.where}", (*values, f"{key_id}:")
        )

    def still(self, table: HashedTable, read: Sequence[HashedRow]) -> list[HashedRow]:
        """Return those of the rows that nobody has changed since they were read."""
        ids = tuple(row.id for row in read)
        known = set(read)
        return [row for row in self._rows(table, f"id IN ({rows.marks(ids)})", ids) if row in known]

    def _rows(self, table: HashedTable, where: str, values: tuple[object, ...]) -> list[HashedRow]:
        names = f"id, {table.hash}, {table.sealed}, {table.clinic}"
        with self._db.reading():
            sql = f"SELECT {names} FROM {table.name} WHERE {where} ORDER BY id"
            return [HashedRow(*row) for row in self._db.execute(sql, values).fetchall()]

    def move(self, table: HashedTable, row: HashedRow, address_hash: str, sealed: str) -> bool:
        """Give a row another hash and return True; False where a row with that hash says the same."""
        apart = "".join(f" AND NOT EXISTS ({_same(table, columns)})" for columns in table.unique)
        sql = f"UPDATE {table.name} SET {table.hash} = ?, {table.sealed} = ? WHERE id = ?{apart}"
        values = (address_hash, sealed, row.id, *[address_hash] * len(table.unique))
        return bool(self._db.execute(sql, values).rowcount)

    def drop(self, table: HashedTable, row: HashedRow) -> None:
        """Take a row out that another one with the new hash stands for."""
        self._db.execute(f"DELETE FROM {table.name} WHERE id = ?", (row.id,))

    def entry(self, suppression_id: str | int) -> SuppressionRecord:
        """Return an entry of a suppression list."""
        return rows.select(self._db, SuppressionRecord, "suppressions WHERE id = ?", (suppression_id,))[0]

    def sealed_elsewhere(self, address_hash: str) -> str | None:
        """Return the sealed address of a hash from where it stands, or None where it stands nowhere."""
        for table in ("suppressions", "suppression_acts"):
            found = self._first(
                f"SELECT address_sealed FROM {table} WHERE address_hash = ?", address_hash, "address"
            )
            if found:
                return found
        for part in ("effect <> ''", "effect = ''"):  # each has an index of its own
            sql = f"SELECT recipient_sealed FROM events WHERE recipient_hash = ? AND {part}"
            if found := self._first(sql, address_hash, "recipient"):
                return found
        return None

    def _first(self, sql: str, address_hash: str, name: str) -> str | None:
        row = self._db.execute(f"{sql} AND {name}_sealed IS NOT NULL LIMIT 1", (address_hash,)).fetchone()
        return str(row[0]) if row else None

    def erased(self, key_id: str) -> Counter[str]:
        """Return how many erased addresses are known by each other key, and not by `key_id`.

        What one erasure marked, with several keys, has one time and scope.
        """
        sql = f"SELECT scope, at, substr(address_hash, 1, {_LONGEST_ID + 1}) FROM erased_addresses"
        with self._db.reading():
            found = self._db.execute(sql).fetchall()
        marks: dict[tuple[str, int], Counter[str]] = {}
        for scope, at, start in found:
            marks.setdefault((scope, at), Counter())[start.partition(":")[0]] += 1
        left: Counter[str] = Counter()
        for counts in marks.values():
            left += Counter(
                {other: count - counts[key_id] for other, count in counts.items() if other != key_id}
            )
        return left


def _same(table: HashedTable, columns: Sequence[str]) -> str:
    equal = " AND ".join(f"{column.format('other')} = {column.format(table.name)}" for column in columns)
    return f"SELECT 1 FROM {table.name} AS other WHERE other.{table.hash} = ? AND {equal}"
