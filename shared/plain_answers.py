"""Sends answers to plain requests, each in one piece with its head."""

import time
from functools import lru_cache

from gunicorn import SERVER, util

from shared.client_connections import ClientConnection
from shared.json_endpoint import Answer


class Reply:
    """One answer's way to its client, in two steps; the first may be taken for several answers in a row."""

    __slots__ = ("_connection", "_last", "_rest")

    def __init__(self, connection: ClientConnection, *, last: bool) -> None:
        """Take the client's connection; with `last` the client is told that it ends."""
        self._connection = connection
        self._last = last
        self._rest: bytes | None = None

    def begin(self, answer: Answer) -> None:
        """Send what the client takes of `answer` at once, and wait for nothing."""
        data = _written(answer, last=self._last)
        self._rest = data[self._connection.send_at_once(data) :]

    def finish(self, answer: Answer) -> None:
        """Send the rest of `answer`, or all of it; raise OSError where the client is lost."""
        rest = _written(answer, last=self._last) if self._rest is None else self._rest
        if rest:
            self._connection.sendall(rest)


def _written(answer: Answer, *, last: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status}",
        f"Server: {SERVER}",
        f"Date: {_date(int(time.time()))}",
        f"Connection: {'close' if last else 'keep-alive'}",
        *[f"{name}: {value}" for name, value in answer.headers],
    ]
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1:
        raise ValueError("A line break in a header would begin another header.")
    return head.encode("latin-1") + b"\r\n\r\n" + answer.body


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return str(util.http_date(second))
