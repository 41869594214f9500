"""Joins what several threads ask for at the same time into one call, with an answer for each."""

from collections.abc import Callable, Sequence
from threading import Event, Lock
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class _Request(Generic[T, R]):
    """What one thread asks for; `answers` or `error` once it is done, neither where it is to lead."""

    __slots__ = ("answers", "error", "items", "woken")

    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self.woken = Event()
        self.answers: Sequence[R] | None = None
        self.error: BaseException | None = None


class Batcher(Generic[T, R]):
    """Makes one call at a time; what comes meanwhile waits, and goes out together in the next.

    Nobody waits for company: a call that comes alone goes out at once.
    """

    def __init__(self, call: Callable[[Sequence[T]], Sequence[R]], limit: int) -> None:
        """Take what answers for a list, an answer an item in their order, and how many it takes at once."""
        self._call = call
        self._limit = limit
        self._lock = Lock()
        self._waiting: list[_Request[T, R]] = []
        self._leading = False

    def __call__(self, items: Sequence[T]) -> Sequence[R]:
        """Return the answers for `items`; raise what the call raised that they went out with."""
        request = _Request[T, R](items)
        with self._lock:
            self._waiting.append(request)
            leads, self._leading = not self._leading, True
        if not leads:
            request.woken.wait()
        if request.answers is None and request.error is None:
            self._lead()
        if request.error is not None:
            raise request.error
        assert request.answers is not None
        return request.answers

    def _lead(self) -> None:
        """Answer the requests at the head of the queue, the caller's first of all; wake the next leader."""
        with self._lock:
            batch = self._next_batch()
        try:
            self._answer(batch)
        finally:
            with self._lock:
                successor = self._waiting[0] if self._waiting else None
                self._leading = successor is not None
            for request in (*batch[1:], *([successor] if successor else [])):
                request.woken.set()

    def _next_batch(self) -> list[_Request[T, R]]:
        """Take as many requests as one call may hold, at least one."""
        count, taken = 0, 0
        for request in self._waiting:
            count += len(request.items)
            if taken and count > self._limit:
                break
            taken += 1
        batch, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return batch

    def _answer(self, batch: list[_Request[T, R]]) -> None:
        try:
            answers = self._call([item for request in batch for item in request.items])
        except BaseException as error:  # noqa: BLE001 - raised in each thread; none must wait for ever
            for request in batch:
                request.error = error
            return
        start = 0
        for request in batch:
            end = start + len(request.items)
            request.answers = answers[start:end]
            start = end
