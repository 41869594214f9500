"""Between the database's rows and frozen records: the few verbs that every repository uses.

What runs for every event is SQL text that is made once: building a query out of model objects costs more
than the database's own work. Lists with filters, which people ask for, are peewee's queries.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar

import msgspec
import peewee as p
from msgspec.structs import asdict

from config_service.storage.database import Database

T = TypeVar("T")

_SEPARATOR = "\x1f"  # ASCII's unit separator


@cache
def columns(record: Any) -> str:
    """Return the columns of a record's table, in the order of its fields."""
    return ", ".join(record.__struct_fields__)


def marks(values: Sized) -> str:
    """Return as many `?` as there are values, for an IN; a condition that never holds for none."""
    return ", ".join("?" * len(values)) or "NULL"


def any_of(database: Database, column: str, values: Iterable[str]) -> tuple[str, tuple[Any, ...]]:
    """Return the condition that `column` has one of `values`, whose text is the same for any number from two.

    So a database that keeps its plans by a statement's text finds this one again.
    """
    ordered = sorted(set(values))  # neighbours in the index, one after the other
    if len(ordered) == 1:  # a quiet day's
        return f"{column} = ?", (ordered[0],)
    if database.is_sqlite:
        return f"{column} IN (SELECT value FROM json_each(?))", (msgspec.json.encode(ordered).decode(),)
    joined = _SEPARATOR.join(ordered)
    # As one text they come in half the time of a list; of an empty text PostgreSQL makes an empty one.
    if joined and joined.count(_SEPARATOR) == len(ordered) - 1:
        return f"{column} = ANY(string_to_array(?, '{_SEPARATOR}'))", (joined,)
    return f"{column} = ANY(?)", (ordered,)


def select(database: Database, record: type[T], rest: str, parameters: Iterable[Any]) -> list[T]:
    """Return the rows of `SELECT <the record's columns> FROM <rest>` as records."""
    with database.reading():
        names = columns(record)  # type: ignore[arg-type]  # mypy takes a class of T for unhashable
        found = database.execute(f"SELECT {names} FROM {rest}", tuple(parameters)).fetchall()
    return [record(*row) for row in found]


_MOST_ROWS = 16  # of one statement on SQLite, so that there are few different ones


# What goes wrong ends the whole transaction. So SQLite need not be able to undo one statement alone, for
# which it would copy each page before it changes it. https://sqlite.org/lang_conflict.html
_SQLITE_INSERT = "INSERT OR FAIL"


@cache
def _insert_sql(insert: str, table: str, record: Any, count: int, *, with_id: bool) -> str:
    names = [name for name in record.__struct_fields__ if with_id or name != "id"]
    values = ", ".join([f"({marks(names)})"] * count)
    return f"{insert} INTO {table} ({', '.join(names)}) VALUES {values} ON CONFLICT DO NOTHING"


@cache
def _insert_json_sql(table: str, record: Any, *, with_id: bool) -> str:
    names = ", ".join(name for name in record.__struct_fields__ if with_id or name != "id")
    rows = f"SELECT {names} FROM json_populate_recordset(NULL::{table}, ?::json)"
    return f"INSERT INTO {table} ({names}) {rows} ON CONFLICT DO NOTHING"


@cache
def _values_of(record: Any, *, with_id: bool) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(name for name in record.__struct_fields__ if with_id or name != "id"))


def insert_new(database: Database, table: str, record: Any, *, with_id: bool = False) -> bool:
    """Insert a record unless a unique key is in its way, and return whether it went in.

    `with_id` is for tables whose ids are ours; the others number their rows themselves.
    """
    kind: Any = type(record)
    sql = _insert_sql(_SQLITE_INSERT if database.is_sqlite else "INSERT", table, kind, 1, with_id=with_id)
    with database.transaction():
        return bool(database.execute(sql, _values_of(kind, with_id=with_id)(record)).rowcount)


def insert_all_new(
    database: Database, table: str, records: Sequence[Any], key: Sequence[str], *, with_id: bool = False
) -> list[tuple[Any, ...]]:
    """Insert each record unless a unique key is in its way; return columns `key` of those that went in.

    PostgreSQL takes them as one JSON text: psycopg takes a millisecond to read a statement with a mark for
    each value of many rows.
    """
    if len(records) == 1:  # a quiet day's: without RETURNING, for which SQLite makes a table of its own
        [record] = records
        went_in = insert_new(database, table, record, with_id=with_id)
        return [tuple(getattr(record, name) for name in key)] if went_in else []
    kind: Any = type(records[0]) if records else None
    returning = f" RETURNING {', '.join(key)}"
    found: list[tuple[Any, ...]] = []
    with database.transaction():
        if not database.is_sqlite and records:
            sql = _insert_json_sql(table, kind, with_id=with_id) + returning
            return list(database.execute(sql, (msgspec.json.encode(records).decode(),)).fetchall())
        for start in range(0, len(records), _MOST_ROWS):
            some = records[start : start + _MOST_ROWS]
            sql = _insert_sql(_SQLITE_INSERT, table, kind, len(some), with_id=with_id) + returning
            values = chain.from_iterable(map(_values_of(kind, with_id=with_id), some))
            found += database.execute(sql, tuple(values)).fetchall()
    return found


def fetch(database: Database, query: Any, record: type[T]) -> list[T]:
    """Return the rows of a select over whole models as records."""
    names: tuple[str, ...] = record.__struct_fields__  # type: ignore[attr-defined]
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
