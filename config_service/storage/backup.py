"""Copies a SQLite database to one file while it is written to."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from config_service.storage.connections import sqlite_path
from shared.errors import ServiceError


class BackupError(ServiceError):
    """No copy was made."""

    code = "no_backup"


def back_up(url: str, target: Path) -> int:
    """Write all that is committed now to the new file `target` and return its size in bytes.

    It is one file, complete and on disk before it gets its name, which nobody but its owner can read.
    Readers and writers are not held up. Raise BackupError where it cannot be made.
    https://sqlite.org/lang_vacuum.html#vacuum_with_an_into_clause
    """
    source = sqlite_path(url)
    if not source.exists():
        raise BackupError(f"There is no database at {source}.", hint="Check DATABASE_URL.")
    if target.exists():
        raise BackupError(f"{target} exists already.", hint="Name a file that does not exist yet.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        _copy(source, unfinished)
        unfinished.rename(target)
        _sync(target.parent)
    except (OSError, sqlite3.Error) as error:
        unfinished.unlink(missing_ok=True)
        raise BackupError(
            f"The backup failed: {error}.", hint="Check the path, and the room on disk."
        ) from None
    return target.stat().st_size


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)  # what a run that was killed has left
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    with closing(sqlite3.connect(f"{target.absolute().as_uri()}?mode=ro", uri=True)) as copy:
        (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)
    _sync(target)


def _sync(path: Path) -> None:
    """Have the system write a file, or a directory's entries, to disk: VACUUM INTO leaves that open."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
