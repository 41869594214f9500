"""Runs checks side by side, each with a time limit; none of them can hold up the report."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from typing import TypeVar

T = TypeVar("T")
LIMIT = 7.0  # seconds from the start, for every check: the whole stays under 10 with the command's own start


def side_by_side(
    jobs: Sequence[Callable[[], T]],
    late: Callable[[], T],
    limit: float = LIMIT,
) -> list[T]:
    """Return what each job returned, in their order, and what `late` says for one that took too long.

    The threads are daemons: one that still waits for AWS keeps neither a command nor a restart waiting.
    A job raises nothing.
    """
    futures = [_started(job) for job in jobs]
    ends_at = time.monotonic() + limit
    return [_result(future, ends_at - time.monotonic(), late) for future in futures]


def _started(job: Callable[[], T]) -> Future[T]:
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(job())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            future.set_exception(error)

    threading.Thread(target=run, name="doctor", daemon=True).start()
    return future


def _result(future: Future[T], seconds: float, late: Callable[[], T]) -> T:
    try:
        return future.result(timeout=max(seconds, 0))
    except LateError:
        if future.done():
            raise
        return late()
