"""The columns that hold sealed values, so that all of them can be brought under another key."""

from collections.abc import Iterator
from dataclasses import dataclass

from config_service.storage.database import Database

_PAGE = 200  # rows a transaction


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

    def pages(self, column: SealedColumn, sealed_with: str) -> Iterator[list[SealedRow]]:
        """Yield the rows, some hundred at a time, whose value does not begin with `sealed_with`."""
        # Not LIKE: it takes capitals for small letters on SQLite, and `_` for anything.
        where = f"substr({column.name}, 1, {len(sealed_with)}) <> ?"
        names = f"id, {column.name}, {column.bound_to or repr('')}"
        order = f"ORDER BY id LIMIT {_PAGE}"
        last: str | int | None = None
        while True:
            after = "" if last is None else "AND id > ?"
            parameters = (sealed_with, *(() if last is None else (last,)))
            with self._db.reading():
                sql = f"SELECT {names} FROM {column.table} WHERE {where} {after} {order}"
                page = [SealedRow(*row) for row in self._db.execute(sql, parameters).fetchall()]
            if not page:
                return
            yield page
            last = page[-1].id

    def replace(self, column: SealedColumn, row: SealedRow, value: str) -> None:
        """Write `value` over the row's, unless somebody changed it meanwhile."""
        with self._db.reading():
            sql = f"UPDATE {column.table} SET {column.name} = ? WHERE id = ? AND {column.name} = ?"
            self._db.execute(sql, (value, row.id, row.value))
