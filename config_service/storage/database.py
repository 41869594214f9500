"""One database, SQLite or PostgreSQL, with transactions, locks and a clear error when it is away."""

import hashlib
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import peewee

from config_service.storage.connections import LOCK_TIMEOUT, open_postgresql, open_sqlite
from shared.errors import ServiceError

_PAUSE = 0.05  # seconds
_BRIEFLY = 300  # ms
_NOTHING_MORE = nullcontext()


class StorageUnavailableError(ServiceError):
    """The database cannot be used now; nothing was changed."""

    code = "database_unavailable"
    hint = "Try again in a few seconds; if it lasts, check the database and /readyz."


class StorageRefusedError(ServiceError):
    """The database cannot store a value, and will not be able to later."""

    code = "value_not_storable"


class _Lent(threading.local):
    """What the current thread has: a connection of the driver's, and whether a transaction is open on it."""

    connection: Any = None
    in_transaction = False


class Database:
    """Connections (lent to a thread for a block), transactions and locks on one database."""

    def __init__(self, url: str) -> None:
        """Open nothing yet; raise SettingsError where `url` is of neither database."""
        self.is_sqlite = url.startswith("sqlite:")
        self.peewee: Any = open_sqlite(url) if self.is_sqlite else open_postgresql(url)
        self._here = _Lent()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in one transaction that may write: committed at its end, rolled back on an error.

        On SQLite it holds the write lock from its start, so that no read in it can be out of date.
        Blocks may be nested: the outermost one commits.
        """
        if self._here.in_transaction:
            yield
            return
        with self._lent():
            self._begin()
            self._here.in_transaction = True
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                self._rollback()
                raise
            finally:
                self._here.in_transaction = False

    def reading(self) -> AbstractContextManager[None]:
        """Lend the block a connection, with this module's errors in place of the driver's.

        A block within a transaction has both from there.
        """
        return _NOTHING_MORE if self._here.in_transaction else self._lent()

    @contextmanager
    def _lent(self) -> Iterator[None]:
        outermost = self._here.connection is None
        try:
            if outermost:
                self._connect()
            yield
        except (peewee.OperationalError, peewee.InterfaceError) as error:
            # The driver's own text may quote values.
            raise StorageUnavailableError(
                f"The database could not be used: {type(error).__name__}.", retry_after=5
            ) from error
        except peewee.DataError:
            raise StorageRefusedError("The database cannot store a value of this request.") from None
        except peewee.IntegrityError as error:
            # Somebody wrote the same row past this service at the same moment; the next try finds it.
            raise StorageUnavailableError(
                "The row was written by somebody else meanwhile.", retry_after=1
            ) from error
        finally:
            if outermost:
                self._here.connection = None
                self.peewee.close()  # which lends it to others

    def lock(self, names: Iterable[str]) -> None:
        """Wait for, and hold to the end of the transaction, the locks of all `names`.

        They are taken in one order everywhere, so that two transactions cannot wait for each other.
        SQLite's write lock already keeps every other writer out.
        """
        if self.is_sqlite:
            return
        if keys := sorted({_lock_key(name) for name in names}):
            # An array's elements are taken one after the other, so that they are locked in their order.
            self.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(?::bigint[]) AS key", (keys,))

    def wait_briefly(self) -> None:
        """Give up on a lock, in this transaction, before PostgreSQL would look for a deadlock (after 1 s)."""
        if not self.is_sqlite:
            self.execute(f"SET LOCAL lock_timeout = '{_BRIEFLY}ms'")

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
        """Run one statement with `?` for its parameters, in one of the blocks above, and return the cursor.

        Straight on the driver's connection: peewee's own way there takes as long as a look-up.
        """
        statement = sql if self.is_sqlite else sql.replace("?", "%s")
        try:
            return self._here.connection.execute(statement, parameters)
        except Exception:
            with peewee.__exception_wrapper__:  # type: ignore[attr-defined]  # makes peewee's errors of theirs
                raise

    def ping(self) -> None:
        """Raise StorageUnavailableError where the database does not answer."""
        with self.reading():
            self.execute("SELECT 1")

    def truncate_log(self) -> bool:
        """Empty SQLite's write-ahead log, which still holds older versions of what was sealed.

        Return False where a reader is in the way. https://sqlite.org/pragma.html#pragma_wal_checkpoint
        """
        if not self.is_sqlite:
            return True
        with self.reading():
            busy, _, _ = self.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def close(self) -> None:
        """Close this thread's connection, and all that nobody uses now."""
        self._here.connection = None
        self.peewee.close()
        self.peewee.close_idle()

    def _connect(self) -> None:
        """Borrow a connection, or open one.

        Of two processes that open a new SQLite file at once, one changes it to write-ahead logging, and
        SQLite tells the other at once that it is locked, whatever its time limit; so that one waits here.
        """
        give_up_at = time.monotonic() + LOCK_TIMEOUT
        while self.peewee.is_closed():
            try:
                self.peewee.connect()
            except peewee.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= give_up_at:
                    raise
                time.sleep(_PAUSE)
        self._here.connection = self.peewee.connection()

    def _begin(self) -> None:
        try:
            self.execute("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
        except (peewee.OperationalError, peewee.InterfaceError):
            if self.is_sqlite:
                raise
            # The connection died while it was idle; nothing has been asked of it yet.
            self._drop_connection()
            self._connect()
            self.execute("BEGIN")

    def _rollback(self) -> None:
        try:
            self.execute("ROLLBACK")
        except peewee.PeeweeException:
            self._drop_connection()

    def _drop_connection(self) -> None:
        """Close this thread's connection rather than lend it to others."""
        self._here.connection = None
        self.peewee.manual_close()


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
