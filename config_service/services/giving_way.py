"""Work on many rows beside a service that serves: in short transactions that give way to requests."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from config_service.storage.database import Database, StorageUnavailableError

T = TypeVar("T")

PAGE = 200  # rows a transaction: some ten ms, in which those who write the same rows wait
_ATTEMPTS = 20
_PAUSE = 0.01  # seconds at the least; SQLite's other writers come in meanwhile


def in_turn(database: Database, work: Callable[[], T]) -> T:
    """Run `work` in a transaction of its own, then leave the database to others for as long as it took.

    Where somebody holds what it needs, it is begun anew: whoever serves a request never waits for it in a
    ring. Raise StorageUnavailableError where that does not help.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        began = time.monotonic()
        try:
            with database.transaction():
                database.wait_briefly()
                return work()
        except StorageUnavailableError:
            if attempt == _ATTEMPTS:
                raise
        finally:
            time.sleep(max(_PAUSE, min(time.monotonic() - began, 1)))
    raise AssertionError  # the last attempt returns or raises


def pages(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield the rows, `size` of them at a time: as many as one transaction works on."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
