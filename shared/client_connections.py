"""What gunicorn's workers ask of a client: a whole, well-formed request in time, and the answer taken so.

gunicorn alone waits for ever for a client that drips its request or does not take its answer, and answers a
malformed body twice, which a proxy takes for the answer to somebody else's request.
"""

import errno
import socket
import time
from collections.abc import Callable
from typing import Any

from gunicorn.http.errors import ParseException

REQUEST_SECONDS = 10.0  # from the first byte of a request to its last; SNS gives up on all of it after 15
ANSWER_SECONDS = 10.0  # for the client to take a piece of the answer
MAX_UNREAD = 1024 * 1024  # bytes of a body that nobody asked for: who sends more loses the connection


class ClientConnection:
    """A client's socket that hangs up on who is too slow; gunicorn takes it for the socket itself."""

    def __init__(self, sock: socket.socket, clock: Callable[[], float] = time.monotonic) -> None:
        """Take an accepted socket, and a clock in seconds."""
        self._sock = sock
        self._clock = clock
        self._until: float | None = None
        self._idle_since = clock()
        self._again: bytes | None = None

    def __getattr__(self, name: str) -> Any:
        """Return what is the socket's own."""
        return getattr(self._sock, name)

    @property
    def idle(self) -> bool:
        """Whether no byte of a next request has come."""
        return self._until is None

    def is_idle_for(self, seconds: float) -> bool:
        """Whether no byte of a next request has come for so long."""
        return self.idle and self._clock() - self._idle_since >= seconds

    def await_request(self) -> None:
        """Let the next request's time begin with its first byte; gunicorn's `keepalive` bounds the wait."""
        self._until = None
        self._idle_since = self._clock()

    def begin_request(self) -> None:
        """Let the next request's time begin now."""
        self._until = self._clock() + REQUEST_SECONDS

    def put_back(self, data: bytes) -> None:
        """Let the next `recv` return `data`; none means that the client has hung up, as it does there."""
        self._again = data

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return what comes, as a socket does; raise ConnectionResetError where it comes too late."""
        if self._again is not None:
            data, rest = self._again[:size], self._again[size:]
            self._again = rest or None
            return data
        return self._receive(size, flags)

    def _receive(self, size: int, flags: int) -> bytes:
        if self._until is None:
            data = self._sock.recv(size, flags)
            self.begin_request()
            return data
        patience = self._sock.gettimeout()
        left = self._until - self._clock()
        if left <= 0:
            raise lost("The request came too slowly.")
        self._sock.settimeout(left if patience is None else min(left, patience))
        try:
            return self._sock.recv(size, flags)
        except TimeoutError:
            raise lost("The request came too slowly.") from None
        finally:
            self._sock.settimeout(patience)

    def send_at_once(self, data: bytes | memoryview, flags: int = 0) -> int:
        """Send what the client takes of `data` without being waited for, and return how much that is."""
        patience = self._sock.gettimeout()
        self._sock.settimeout(0)
        try:
            return self._sock.send(data, flags)
        except OSError:  # it takes nothing now, or is gone, as whoever sends the rest will be told
            return 0
        finally:
            self._sock.settimeout(patience)

    def sendall(self, data: bytes | memoryview, flags: int = 0) -> None:
        """Send `data`; raise ConnectionResetError where the client does not take it in time."""
        patience = self._sock.gettimeout()
        self._sock.settimeout(ANSWER_SECONDS)
        try:
            sent = self._sock.send(data, flags)
            if sent < len(data):
                self._sock.sendall(data[sent:], flags)
        except TimeoutError:
            raise lost("The client does not take its answer.") from None
        finally:
            self._sock.settimeout(patience)


class WholeBody:
    """gunicorn's reader of a body, whose every fault is the client's connection lost.

    WSGI applications know that error, and gunicorn then closes without a second answer. A body that ends
    before its Content-Length is such a fault too: the half of a file must not be taken for the file.
    """

    def __init__(self, reader: Any) -> None:
        """Take the reader of `gunicorn.http.body` that the request's framing asks for."""
        self._reader = reader

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise ConnectionResetError."""
        due = min(size, getattr(self._reader, "length", 0))
        try:
            data: bytes = self._reader.read(size)
        except ParseException as error:
            raise lost(str(error)) from None
        if len(data) < due:
            raise lost("The client hung up before the end of its request.")
        return data


def take_whole(request: Any) -> None:
    """Have the body of gunicorn's `request` read whole or not at all."""
    request.body.reader = WholeBody(request.body.reader)


def drained(request: Any) -> bool:
    """Read what was not read of the request's body, and return whether the connection is good for another.

    It is not where the body could not be read: nobody knows where the next request begins.
    """
    left = MAX_UNREAD
    while left > 0 and (data := request.body.read(8192)):
        left -= len(data)
    return left > 0 and not request.body.failed


def lost(why: str) -> ConnectionResetError:
    """Return what gunicorn passes over in silence: the connection is to be closed."""
    return ConnectionResetError(errno.ECONNRESET, why)
