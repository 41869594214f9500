"""The table in which the Django sites store events; made before they start. Needs no Django."""

import sqlite3
from contextlib import closing
from pathlib import Path

TABLE = "received"
_COLUMNS = "id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT, recipient TEXT, kind TEXT, at TEXT"


def make_table(file: Path) -> None:
    """Make the table in a new database."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"CREATE TABLE {TABLE} ({_COLUMNS})")
        connection.commit()
