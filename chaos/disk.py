"""Full disks: no process can write a file beyond a few bytes, or SQLite's file cannot grow.

https://man7.org/linux/man-pages/man2/getrlimit.2.html (Python ignores the SIGXFSZ that comes with it)
https://sqlite.org/pragma.html#pragma_max_page_count
"""

import resource
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

PAGES_FILE = "CHAOS_PAGES_FILE"  # the variable that names the file from which the limit is read
UNLIMITED_PAGES = 4294967294  # SQLite's own default

LIMIT = 8192  # bytes: no log, no table and no write-ahead log fits


def fill(processes: Iterable[int]) -> None:
    """Have each write of a process beyond the limit fail, as on a full disk."""
    _limit(processes, LIMIT)


def free(processes: Iterable[int]) -> None:
    """Let them write again."""
    _limit(processes, resource.RLIM_INFINITY)


def _limit(processes: Iterable[int], size: int) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class LimitedConnection(sqlite3.Connection):
    """A connection that obeys the limit which stands in a file, from its next statement on."""

    pages_file = Path()
    _pages = str(UNLIMITED_PAGES)

    def cursor(self, *arguments: Any, **options: Any) -> sqlite3.Cursor:
        """Return a cursor, once the limit is obeyed."""
        self._obey()
        return super().cursor(*arguments, **options)

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Run a statement, once the limit is obeyed."""
        self._obey()
        return super().execute(*arguments)

    def _obey(self) -> None:
        """Set the limit, where it has changed."""
        if (wanted := self.pages_file.read_text()) and wanted != self._pages:
            self._pages = wanted
            super().execute(f"PRAGMA max_page_count = {int(wanted)}")


def limit_sqlite(pages_file: Path) -> None:
    """Have every connection that this process opens from now on obey the limit in `pages_file`."""
    connect = sqlite3.connect
    LimitedConnection.pages_file = pages_file

    def limited(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return connect(*arguments, factory=LimitedConnection, **options)

    sqlite3.connect = limited  # type: ignore[assignment]
