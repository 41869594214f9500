"""Goes over a table of any size in steps that are short enough for a database which serves meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config_service.storage.database import Database

_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Window:
    """A range of ids: behind `after` (None: from the first on), and up to `last`; it holds `rows` rows."""

    after: Any
    last: Any
    rows: int

    @property
    def condition(self) -> tuple[str, tuple[Any, ...]]:
        """The condition on a row's `id`, and its parameters."""
        if self.after is None:
            return "id <= ?", (self.last,)
        return "id > ? AND id <= ?", (self.after, self.last)


def windows(database: Database, table: str) -> Iterator[Window]:
    """Yield the windows of a table in the order of its ids."""
    after: Any = None
    while True:
        behind, values = ("", ()) if after is None else ("WHERE id > ?", (after,))
        sql = (
            f"SELECT MAX(id), COUNT(*) FROM (SELECT id FROM {table} {behind} ORDER BY id LIMIT {_ROWS}) AS w"
        )
        with database.reading():
            last, count = database.execute(sql, values).fetchone()
        if not count:
            return
        yield Window(after, last, count)
        after = last
