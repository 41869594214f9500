"""Kept-alive HTTP connections to one server, for a fraction of what `requests` costs for each call.

http.client opens them. The requests are written here, each in one packet with its
body. No proxy and no .netrc is ever consulted, and no redirect is followed.
"""

import ssl
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import quote, urlsplit

from shared.internal_answers import Answer, Clock, Incoming

_KEPT = 64  # idle connections


class Connections:
    """Kept-alive connections to one server; safe to share between threads (and greenlets)."""

    def __init__(self, base_url: str, clock: Clock, connect_timeout: float) -> None:
        """Take an http or https URL, a clock in seconds and how many of them a connection may take."""
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{base_url!r} is no http or https URL.")
        secure = parts.scheme == "https"
        kind: Callable[..., HTTPConnection] = HTTPSConnection if secure else HTTPConnection
        port = parts.port or (443 if secure else 80)
        options = {"context": ssl.create_default_context()} if secure else {}
        self._new = partial(kind, parts.hostname, port, timeout=connect_timeout, **options)
        self._host = f"Host: {parts.netloc.rpartition('@')[2]}"
        self._prefix = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        self._clock = clock
        self._idle: deque[HTTPConnection] = deque()  # the last used at the right

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        limit: float,
        *,
        fresh: bool = False,
    ) -> Answer:
        """Return the answer, which must be complete `limit` seconds after there is a connection.

        Raise OSError (TimeoutError when the time is over), HTTPException or ValueError where none came.
        """
        message = self._message(method, path, body, headers)
        connection = self._new() if fresh else self._kept_or_new()
        reusable = False
        try:
            answer, reusable = self._exchange(connection, method, message, limit)
        except (OSError, HTTPException):
            self.close()  # what broke this one, such as a restart of the server, has broken the idle ones
            raise
        finally:
            self._put_back(connection, reusable)
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _kept_or_new(self) -> HTTPConnection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._new()

    def _put_back(self, connection: HTTPConnection, reusable: bool) -> None:
        if reusable and len(self._idle) < _KEPT:
            self._idle.append(connection)
        else:
            connection.close()

    def _message(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {self._prefix}{path} HTTP/1.1", self._host]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join(lines)
        if head.count("\r") + head.count("\n") != 2 * (len(lines) - 1):
            raise ValueError("A line break in a header would begin another header.")
        return head.encode("latin-1") + b"\r\n\r\n" + (body or b"")

    def _exchange(
        self, connection: HTTPConnection, method: str, message: bytes, limit: float
    ) -> tuple[Answer, bool]:
        """Return the answer, and whether the connection is good for another one."""
        if connection.sock is None:
            connection.connect()
        incoming = Incoming(connection.sock, self._clock, self._clock() + limit)
        connection.sock.settimeout(limit)
        with suppress(BrokenPipeError):  # who refuses before the end of a long body may have answered why
            connection.sock.sendall(message)
        return incoming.answer(method)
