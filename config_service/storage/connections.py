"""Opens SQLite and PostgreSQL as this service needs them: durable, bounded in time, tidy with secrets.

Connections are lent, always the oldest that is free: so a few of them do all the work, whose page caches and
prepared statements are filled, rather than one of each thread.
"""

import select
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import psycopg
from playhouse.db_url import parse
from playhouse.pool import PooledSqliteDatabase
from playhouse.postgres_ext import PooledPsycopg3Database

from shared.errors import SettingsError

CONNECT_TIMEOUT = 3  # seconds
STATEMENT_TIMEOUT = 8  # seconds: an answer must fit into the 15 s that SNS waits
LOCK_TIMEOUT = 4  # seconds

_SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",  # in WAL only FULL survives a power cut
    "foreign_keys": 1,
    "secure_delete": 1,  # what was a secret a moment ago is overwritten, not only unlinked
    "busy_timeout": LOCK_TIMEOUT * 1000,
    "wal_autocheckpoint": 4000,  # pages: what many transactions change goes into the file once, not each time
    "cache_size": -8_000,  # KiB; the default of 2 MB makes look-ups twice as slow at a million rows
}


def open_sqlite(url: str) -> PooledSqliteDatabase:
    """Return the SQLite database of a URL such as sqlite:///var/clinic_mail.db, whose folder is made."""
    path = sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A connection serves one thread at a time, though not always the same one.
    return _Sqlite(  # type: ignore[no-untyped-call]
        str(path), pragmas=_SQLITE_PRAGMAS, max_connections=None, check_same_thread=False
    )


def sqlite_path(url: str) -> Path:
    """Return the file of a URL such as sqlite:///var/clinic_mail.db; raise SettingsError for one of none."""
    path = url.removeprefix("sqlite:///")
    if not path or path == url:
        raise SettingsError("DATABASE_URL must look like sqlite:///var/clinic_mail.db")
    return Path(path)


def open_postgresql(url: str) -> PooledPsycopg3Database:
    """Return the PostgreSQL database of a URL, through psycopg 3."""
    parsed = urlparse(url)
    if parsed.scheme not in {"postgresql", "postgres"}:
        raise SettingsError("DATABASE_URL must start with sqlite:/// or postgresql://")
    try:
        _ = parsed.port
    except ValueError:
        raise SettingsError("DATABASE_URL names a port that is no number") from None
    return _Postgresql(  # type: ignore[no-untyped-call]
        **parse(url, unquote_user=True, unquote_password=True),
        max_connections=None,
        connect_timeout=CONNECT_TIMEOUT,
        options=f"-c statement_timeout={STATEMENT_TIMEOUT}s -c lock_timeout={LOCK_TIMEOUT}s",
    )


class _Sqlite(PooledSqliteDatabase):
    """Lets one connection keep the pages that it has read, the one that nearly all work goes through.

    Those that serve beside it now and then would each fill a cache of their own in the end.
    """

    _keeps: Any = None

    def _connect(self) -> Any:
        lent = super()._connect()  # the oldest that is free
        if self._keeps is None:
            self._keeps = lent
        return lent

    def _can_reuse(self, conn: Any) -> bool:
        if conn is not self._keeps:
            give_back_pages(conn)
        return bool(super()._can_reuse(conn))  # type: ignore[no-untyped-call]

    def _close_raw(self, conn: Any) -> None:
        if conn is self._keeps:
            self._keeps = None
        super()._close_raw(conn)  # type: ignore[no-untyped-call]


def give_back_pages(connection: Any) -> None:
    """Free the page cache of a connection to SQLite.

    https://sqlite.org/pragma.html#pragma_shrink_memory
    """
    connection.execute("PRAGMA shrink_memory")


class _Postgresql(PooledPsycopg3Database):
    """Lends no connection that the server has ended, and asks the server nothing to know it."""

    def _is_closed(self, conn: Any) -> bool:
        ended = _was_ended(conn)
        if ended:
            conn.close()
        return ended


def _was_ended(connection: Any) -> bool:
    """Tell whether the server has ended an idle connection of psycopg's: unasked it says nothing else."""
    try:
        socket = connection.fileno()
    except psycopg.OperationalError:
        return True
    poller = select.poll()
    poller.register(socket, select.POLLIN)
    return bool(poller.poll(0))
