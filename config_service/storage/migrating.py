"""Bring a database to the newest of the numbered migrations, one process at a time."""

from pathlib import Path

from playhouse.migrations import Runner

from config_service.storage.database import Database

_DIRECTORY = Path(__file__).parent / "migrations"
_LOCK = "config_service.migrations"


def migrate(database: Database) -> list[str]:
    """Apply every migration that is not applied yet, all or none, and return their names."""
    with database.reading(), database.peewee.atomic(*(["EXCLUSIVE"] if database.is_sqlite else [])):
        if not database.is_sqlite:
            database.execute("SET LOCAL statement_timeout = 0")
            database.execute("SET LOCAL lock_timeout = '60s'")
            database.lock([_LOCK])
        applied: list[str] = Runner(database.peewee, str(_DIRECTORY)).up()
        return applied


def pending(database: Database) -> list[str]:
    """Return the names of the migrations that are not applied yet."""
    with database.reading():
        status = Runner(database.peewee, str(_DIRECTORY)).status()
        return [migration.name for migration in status if migration.applied is None]
