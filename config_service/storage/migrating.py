"""Bring a database to the newest of the numbered migrations, one process at a time, while others serve."""

import time
from pathlib import Path

from playhouse.migrations import Runner
from psycopg.errors import DeadlockDetected, LockNotAvailable

from config_service.storage.database import Database, StorageUnavailableError

PATIENCE = 60  # seconds to wait for locks, and for another process that migrates

_DIRECTORY = Path(__file__).parent / "migrations"
_LOCK = "config_service.migrations"
# In PostgreSQL all who come later, if only to read, queue behind a change that waits for its lock. So it
# waits for a moment, and lets them pass before it asks again.
_AT_A_TIME = 500  # ms
_PAUSE = 0.2  # seconds


def migrate(database: Database, directory: Path = _DIRECTORY) -> list[str]:
    """Apply every migration that is not applied yet, all or none, and return their names.

    Raise StorageUnavailableError where the locks are not to be had within PATIENCE.
    """
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            # A start that has nothing to do locks nobody out.
            return _migrate(database, directory) if pending(database, directory) else []
        except StorageUnavailableError as error:
            if not _is_locked(error) or time.monotonic() >= give_up_at:
                raise
        time.sleep(_PAUSE)


def pending(database: Database, directory: Path = _DIRECTORY) -> list[str]:
    """Return the names of the migrations that are not applied yet."""
    with database.reading():
        status = Runner(database.peewee, str(directory)).status()
        return [migration.name for migration in status if migration.applied is None]


def _migrate(database: Database, directory: Path) -> list[str]:
    with database.reading(), database.peewee.atomic(*(["EXCLUSIVE"] if database.is_sqlite else [])):
        if not database.is_sqlite:
            database.execute("SET LOCAL statement_timeout = 0")
            database.execute(f"SET LOCAL lock_timeout = '{_AT_A_TIME}ms'")
            database.lock([_LOCK])
        applied: list[str] = Runner(database.peewee, str(directory)).up()
        return applied


def _is_locked(error: StorageUnavailableError) -> bool:
    """Tell whether only others' locks were in the way."""
    drivers = getattr(error.__cause__, "orig", None)  # peewee keeps the driver's error there
    return isinstance(drivers, LockNotAvailable | DeadlockDetected) or "is locked" in str(drivers)
