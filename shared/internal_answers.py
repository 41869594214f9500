"""Reads one HTTP answer from a socket, complete and in time.

An answer as our own services give it is read here; any other one by http.client, whose parser of email takes
longer than all else about a call.
"""

import io
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead
from socket import socket
from typing import Any, NamedTuple, cast

_LONGEST_BODY = 64 * 2**20  # bytes
_AT_ONCE = 16 * 1024  # bytes

# The head of an answer with a body of a given length, each header in its simplest spelling.
_PLAIN = re.compile(
    rb"HTTP/1\.1 200 [\x20-\x7e]*\r\n((?:[A-Za-z0-9-]+: [\x21-\x7e][\x20-\x7e]*(?<! )\r\n)+)\r\n"
)
_LENGTH = re.compile(r"0|[1-9][0-9]{0,7}")

Clock = Callable[[], float]


class Answer(NamedTuple):
    """A complete answer; its headers by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Incoming(io.RawIOBase):
    """What a socket receives up to a time, however slowly it drips; http.client takes it for the socket."""

    def __init__(self, sock: socket, clock: Clock, give_up_at: float) -> None:
        """Take a connected socket, a clock in seconds and the time by which the answer must be complete."""
        self._sock = sock
        self._clock = clock
        self._give_up_at = give_up_at
        self._reader = io.BufferedReader(self, _AT_ONCE)

    def answer(self, method: str) -> tuple[Answer, bool]:
        """Return the answer to a request, and whether the connection is good for another one.

        Raise OSError (TimeoutError when the time is over), HTTPException or ValueError where none came.
        """
        if method != "HEAD" and (plain := _plain(self._reader)):
            return plain, True
        response = HTTPResponse(cast(socket, self), method=method)
        response.begin()
        body = _body(response)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, body), not response.will_close

    def makefile(self, _mode: str) -> "io.BufferedReader[Any]":
        """Return what reads from here."""
        return self._reader

    def readable(self) -> bool:
        """Whether it can be read from."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Receive into `buffer` and return how many bytes, none where the other side has closed."""
        left = self._give_up_at - self._clock()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._sock.recv_into(buffer)


def _plain(reader: "io.BufferedReader[Any]") -> Answer | None:
    """Return the answer if it is a plain one whose head has come at once; else nothing is taken from it."""
    found = _PLAIN.match(reader.peek())
    if not found:
        return None
    lines = [line.partition(": ") for line in found[1].decode("ascii").split("\r\n")[:-1]]
    headers = {name.lower(): value for name, _, value in lines}
    length = headers.get("content-length", "")
    if (
        len(headers) < len(lines)
        or not _LENGTH.fullmatch(length)
        or int(length) > _LONGEST_BODY
        or "transfer-encoding" in headers
        or headers.get("connection", "keep-alive") != "keep-alive"
    ):
        return None
    reader.read(found.end())
    body = reader.read(int(length))
    if len(body) < int(length):
        raise IncompleteRead(body, int(length) - len(body))
    return Answer(HTTPStatus.OK, headers, body)


def _body(response: HTTPResponse) -> bytes:
    if response.length is None:  # it comes in chunks, or until the server closes
        body = response.read(_LONGEST_BODY + 1)
        if len(body) <= _LONGEST_BODY:
            return body
    elif response.length <= _LONGEST_BODY:
        return response.read()
    raise HTTPException("The answer is too long.")
