"""Lets threads that want the same thing at the same time share one piece of work."""

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class SingleFlight(Generic[K, V]):
    """At most one call a key at a time; who comes meanwhile gets its result, or its error.

    It remembers only what is under way, so it holds no more keys than there are threads.
    """

    def __init__(self) -> None:
        """Start with nothing under way."""
        self._lock = threading.Lock()
        self._under_way: dict[K, Future[V]] = {}

    def do(self, key: K, work: Callable[[], V]) -> V:
        """Return `work()`, or the result of the same key's call that is under way; raise what it raises."""
        with self._lock:
            future = self._under_way.get(key)
            if leads := future is None:
                future = self._under_way[key] = Future()
        if leads:
            self._lead(key, work, future)
        return future.result()

    def _lead(self, key: K, work: Callable[[], V], future: Future[V]) -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed on to every thread that waits, this one too
            future.set_exception(error)
        finally:
            with self._lock:
                del self._under_way[key]
