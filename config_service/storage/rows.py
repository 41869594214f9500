"""Between the database's rows and frozen records: the few verbs that every repository uses.

What runs for every event is SQL text that is made once: building a query out of model objects costs more
than the database's own work. Lists with filters, which people ask for, are peewee's queries.
"""

from collections.abc import Iterable, Iterator, Sized
from dataclasses import asdict, fields
from functools import cache
from typing import Any, TypeVar

import peewee as p

from config_service.storage.database import Database

T = TypeVar("T")


@cache
def columns(record: Any) -> str:
    """Return the columns of a record's table, in the order of its fields."""
    return ", ".join(f.name for f in fields(record))


def marks(values: Sized) -> str:
    """Return as many `?` as there are values, for an IN; a condition that never holds for none."""
    return ", ".join("?" * len(values)) or "NULL"


def select(database: Database, record: type[T], rest: str, parameters: Iterable[Any]) -> list[T]:
    """Return the rows of `SELECT <the record's columns> FROM <rest>` as records."""
    with database.reading():
        names = columns(record)  # type: ignore[arg-type]  # mypy takes a class of T for unhashable
        found = database.execute(f"SELECT {names} FROM {rest}", tuple(parameters)).fetchall()
    return [record(*row) for row in found]


@cache
def _insert_sql(table: str, record: Any, *, with_id: bool) -> str:
    names = [f.name for f in fields(record) if with_id or f.name != "id"]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks(names)}) ON CONFLICT DO NOTHING"


def insert_new(database: Database, table: str, record: Any, *, with_id: bool = False) -> bool:
    """Insert a record unless a unique key is in its way, and return whether it went in.

    `with_id` is for tables whose ids are ours; the others number their rows themselves.
    """
    kind = type(record)
    values = tuple(getattr(record, f.name) for f in fields(kind) if with_id or f.name != "id")
    sql = _insert_sql(table, kind, with_id=with_id)  # type: ignore[arg-type]  # as above
    with database.reading():
        return bool(database.execute(sql, values).rowcount)


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


def insert(database: Database, model: type[p.Model], record: Any) -> None:
    """Insert a record; a unique key in its way is an error."""
    values = {name: value for name, value in asdict(record).items() if not (name == "id" and value is None)}
    with database.reading():
        model.insert(values).execute(database.peewee)
