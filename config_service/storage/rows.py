"""Between peewee's queries and frozen records: the few verbs that every repository uses."""

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any, TypeVar

import peewee as p

from config_service.storage.database import Database

T = TypeVar("T")


def fetch(database: Database, query: Any, record: type[T]) -> list[T]:
    """Return the rows of a select over whole models as records."""
    names = tuple(f.name for f in fields(record))  # type: ignore[arg-type]
    with database.reading():
        rows = list(query.bind(database.peewee).dicts())
    return [record(**{name: row[name] for name in names if name in row}) for row in rows]


def fetch_one(database: Database, query: Any, record: type[T]) -> T | None:
    """Return the first row of a select as a record, or None."""
    rows = fetch(database, query.limit(1), record)
    return rows[0] if rows else None


def stream(database: Database, query: Any, record: type[T], size: int = 500) -> Iterator[T]:
    """Yield the rows of a select that is ordered by its model's `id`, `size` at a time."""
    model = query.model
    last: Any = None
    while True:
        page = query if last is None else query.where(model.id > last)
        rows = fetch(database, page.order_by(model.id).limit(size), record)
        yield from rows
        if len(rows) < size:
            return
        last = rows[-1].id  # type: ignore[attr-defined]


def run(database: Database, query: Any) -> int:
    """Run an update or delete and return how many rows it changed."""
    with database.reading():
        changed: int = query.execute(database.peewee)
        return changed


def insert(database: Database, model: type[p.Model], record: Any, *, ignore_conflict: bool = False) -> bool:
    """Insert a record and return whether it went in; `ignore_conflict` lets a unique key be in its way."""
    values = {name: value for name, value in asdict(record).items() if not (name == "id" and value is None)}
    query = model.insert(values)
    if ignore_conflict:
        query = query.on_conflict_ignore()
    with database.reading():
        cursor = query.as_rowcount().execute(database.peewee)
    return bool(cursor)
