"""Has SQLite compare the scope of an erased address by itself, rather than through a table.

For `scope IN (a, b)` on an indexed column it fills a table of its own with a and b, for every row that is
inserted; the plus keeps the index out of it. https://sqlite.org/optoverview.html (section 4)
"""

from typing import Any

from peewee import SqliteDatabase


def up(_: Any, db: Any) -> None:
    """Write the triggers that blank addresses anew."""
    if not isinstance(db, SqliteDatabase):
        return
    triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_blank'"
    for name, sql in db.execute_sql(triggers).fetchall():
        db.execute_sql(f"DROP TRIGGER {name}")
        db.execute_sql(sql.replace(" scope IN (", " +scope IN ("))
