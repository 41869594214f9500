"""The line that says what became of a request, and its count: the same for every way that one is served."""

import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple, Self

import structlog

from shared.log_stream import in_one_write
from shared.request_id import accepted_or_new

Observer = Callable[[str, str, int, Sequence[float]], None]

log = structlog.get_logger("access")


class AccessLine:
    """What the line of one request will say."""

    __slots__ = ("afterwards", "facts", "request_id", "started")

    def __init__(self, request_id: str) -> None:
        """Begin to measure the time of the request with this id."""
        self.started = time.perf_counter()
        self.request_id = request_id
        self.facts: dict[str, Any] = {}
        self.afterwards: Callable[[], None] | None = None

    @classmethod
    def begin(cls, given_request_id: str | None) -> Self:
        """Begin this context's request, under the caller's id where it is a good one."""
        line = cls(accepted_or_new(given_request_id))
        _line.set(line)
        return line

    @classmethod
    def current(cls) -> "AccessLine":
        """Return the line of this context's request; a new one where none has begun."""
        return _line.get() or cls("")

    def resume(self) -> None:
        """Make this the line of this context again, which has served another request meanwhile."""
        _line.set(self)


_line: ContextVar[AccessLine | None] = ContextVar("access_line", default=None)


def current_request_id() -> str:
    """Return the id of the request that is being served, or an empty string outside of one."""
    line = _line.get()
    return line.request_id if line else ""


class Ended(NamedTuple):
    """A request that was answered, and how."""

    line: AccessLine
    method: str
    status: int


def end_together(requests: Sequence[Ended], route: str, observe: Observer) -> None:
    """Call `observe(method, route, status, seconds)`, and log requests under their route's template.

    `seconds` are those of all with the same method and status. What `afterwards` was given is done last.
    """
    now = time.perf_counter()
    taken: dict[tuple[str, int], list[float]] = {}
    for line, method, status in requests:
        taken.setdefault((method, status), []).append(now - line.started)
    for (method, status), seconds in taken.items():
        observe(method, route, status, seconds)
    bound = log.bind()  # looks structlog's settings up once for all
    with in_one_write():
        for line, method, status in requests:
            line.resume()
            ms = round((now - line.started) * 1000, 1)
            bound.info("request", method=method, route=route, status=status, ms=ms, **line.facts)
    for line, _, _ in requests:
        if line.afterwards:
            line.resume()
            line.afterwards()


def describe(**facts: Any) -> None:
    """Add what a person may want to know of this request to the line that is logged at its end."""
    if line := _line.get():
        line.facts |= facts


def afterwards(action: Callable[[], None]) -> None:
    """Have `action` done once the answer to this context's request is on its way."""
    AccessLine.current().afterwards = action
