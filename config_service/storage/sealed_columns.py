"""The columns that hold sealed values, so that all of them can be brought under another key."""

from collections import Counter
from dataclasses import dataclass

from config_service.storage.database import Database
from config_service.storage.windows import Window

_LONGEST_START = len("sealed:") + 32 + 1  # characters before what is sealed


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column, and the one beside it that says what its values are bound to, if it is not their purpose."""

    table: str
    name: str
    bound_to: str | None = None


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One sealed value where it stands."""

    id: str | int
    value: str
    bound_to: str


COLUMNS = (
    SealedColumn("suppressions", "address_sealed", "address_hash"),
    SealedColumn("suppression_acts", "note_sealed"),
    SealedColumn("suppression_acts", "address_sealed", "address_hash"),
    SealedColumn("events", "recipient_sealed", "recipient_hash"),
    SealedColumn("events", "detail_sealed"),
    SealedColumn("held_events", "recipient_sealed", "recipient_hash"),
    SealedColumn("held_events", "detail_sealed"),
    SealedColumn("held_events", "raw_sealed"),
    SealedColumn("test_sends", "recipient_sealed", "recipient_hash"),
)


class SealedColumnRepository:
    """Reads and replaces sealed values."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def sealed_otherwise(self, column: SealedColumn, start: str, window: Window) -> list[SealedRow]:
        """Return the rows of a window whose value does not begin with `start`."""
        # Not LIKE: it takes capitals for small letters on SQLite, and `_` for anything.
        where, values = window.condition
        names = f"id, {column.name}, {column.bound_to or repr('')}"
        otherwise = f"substr({column.name}, 1, {len(start)}) <> ?"
        sql = f"SELECT {names} FROM {column.table} WHERE {where} AND {otherwise}"
        with self._db.reading():
            return [SealedRow(*row) for row in self._db.execute(sql, (*values, start)).fetchall()]

    def key_ids(self, column: SealedColumn, window: Window) -> Counter[str]:
        """Return how many values of a window are sealed with each key."""
        where, values = window.condition
        start = f"substr({column.name}, 1, {_LONGEST_START})"
        sql = f"SELECT {start} FROM {column.table} WHERE {where} AND {column.name} IS NOT NULL"
        with self._db.reading():
            found = self._db.execute(sql, values).fetchall()
        return Counter(value.split(":")[1] for (value,) in found)

    def replace(self, column: SealedColumn, row: SealedRow, value: str) -> bool:
        """Write `value` over the row's and return True; False where somebody changed it meanwhile."""
        with self._db.reading():
            sql = f"UPDATE {column.table} SET {column.name} = ? WHERE id = ? AND {column.name} = ?"
            return bool(self._db.execute(sql, (value, row.id, row.value)).rowcount)
