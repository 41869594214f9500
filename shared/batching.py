"""Joins what several threads ask for at the same time into one call, with an answer for each."""

import time
from collections.abc import Callable, Sequence
from math import ceil
from threading import Event, Lock
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class WaitedTooLongError(Exception):
    """Earlier calls took so long that this one did not begin in time."""


class NoRoomError(Exception):
    """As many requests wait already as may."""


class _Request(Generic[T, R]):
    """What one thread asks for; `answers` or `error` once it is done, neither where it is to lead."""

    __slots__ = ("answers", "error", "items", "woken")

    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self.woken = Event()
        self.answers: Sequence[R] | None = None
        self.error: BaseException | None = None


class Batcher(Generic[T, R]):
    """Makes one call at a time; what comes meanwhile waits, and goes out together in the next ones.

    Nobody waits for company: a call that comes alone goes out at once. Of many, half go out at a time: so
    the others are made ready while these are away.
    """

    def __init__(
        self,
        call: Callable[[Sequence[T]], Sequence[R]],
        limit: int,
        patience: float | None = None,
        room: int | None = None,
    ) -> None:
        """Take what answers for a list, an answer an item in their order, and how many it takes at once.

        `patience` is how many seconds a request waits at most for its call to begin, `room` how many items
        may wait at the same time.
        """
        self._call = call
        self._limit = limit
        self._patience = patience
        self._room = room
        self._lock = Lock()
        self._waiting: list[_Request[T, R]] = []
        self._leading = False
        self._back = 0  # items that the last call was for: who asks all the time will soon be here again

    def __call__(self, items: Sequence[T]) -> Sequence[R]:
        """Return the answers for `items`; raise what the call raised that they went out with.

        Raise WaitedTooLongError where they have not gone out in time, and NoRoomError at once where too
        many wait already.
        """
        request: _Request[T, R] = _Request(items)  # subscripted, it would take ten times as long
        with self._lock:
            if self._leading and self._room is not None and _count(self._waiting) >= self._room:
                raise NoRoomError
            self._waiting.append(request)
            leads, self._leading = not self._leading, True
        if not leads and not request.woken.wait(self._patience):
            self._leave(request)
            request.woken.wait()
        if request.answers is None and request.error is None:
            self._lead()
        if request.error is not None:
            raise request.error
        assert request.answers is not None
        return request.answers

    def _leave(self, request: _Request[T, R]) -> None:
        """Give up waiting, unless the request has gone out meanwhile or is to lead."""
        with self._lock:
            if request in self._waiting and not request.woken.is_set():
                self._waiting.remove(request)
                raise WaitedTooLongError

    def _lead(self) -> None:
        """Answer the requests at the head of the queue, the caller's first of all; wake the next leader."""
        with self._lock:
            batch = self._next_batch()
        try:
            self._answer(batch)
        finally:
            with self._lock:
                self._leading = bool(self._waiting)
                if self._leading:
                    self._waiting[0].woken.set()
            for request in batch[1:]:
                request.woken.set()
        if self._leading:
            time.sleep(0)  # the next call goes out first, then these answers are dealt with

    def _next_batch(self) -> list[_Request[T, R]]:
        """Take requests with half of the items, or with as many as one call may hold, and at least one."""
        half = ceil((_count(self._waiting) + self._back) / 2)
        count, taken = 0, 0
        for request in self._waiting:
            if taken and (count >= half or count + len(request.items) > self._limit):
                break
            count += len(request.items)
            taken += 1
        self._back = count
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


def _count(requests: Sequence[_Request[T, R]]) -> int:
    return sum(len(request.items) for request in requests)
