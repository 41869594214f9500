"""Requests on their way to their answers, a step at a time for all that are answered together.

A step that many requests take one after the other costs each of them little more than half of what it costs
where every request takes all steps by itself: the processor's caches still hold it.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from shared.access_line import AccessLine

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class WouldWaitError(Exception):
    """The next step of a request waits for somebody, as others must not: it is to be answered by itself."""


class Exchange:
    """A request, and what has become of it: `value` is what the last step made, `error` what ended it."""

    __slots__ = ("environ", "error", "line", "value")

    def __init__(self, environ: "WSGIEnvironment") -> None:
        """Begin with the request itself as the value."""
        self.environ = environ
        self.line = AccessLine.begin(environ.get("HTTP_X_REQUEST_ID"))
        self.value: Any = environ
        self.error: Exception | None = None


def each(exchanges: Iterable[Exchange], step: Callable[[Any], Any]) -> None:
    """Make each one's next value out of its last one; what a step raises ends its own request alone."""
    for exchange in exchanges:
        if exchange.error is None:
            exchange.line.resume()
            try:
                exchange.value = step(exchange.value)
            except Exception as error:  # noqa: BLE001 - it becomes the answer
                exchange.error = error
