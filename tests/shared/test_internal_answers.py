"""Answers that are read without http.client, as http.client would have read them."""

import io
import socket
import time
from contextlib import closing
from http.client import HTTPException, HTTPResponse, IncompleteRead

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.internal_answers import Incoming, _plain

BODY = b'{"results": []}'
HEADERS = {
    "Server": "gunicorn",
    "Date": "Thu, 26 Nov 2026 12:00:00 GMT",
    "Connection": "keep-alive",
    "Content-Type": "application/json",
    "Content-Length": str(len(BODY)),
    "X-Request-Id": "6a1f",
}


def said(headers: dict[str, str] = HEADERS, first: str = "HTTP/1.1 200 OK", body: bytes = BODY) -> bytes:
    head = "\r\n".join([first, *[f"{name}: {value}" for name, value in headers.items()], "", ""])
    return head.encode("latin-1") + body


def reader(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]


NOT_PLAIN = {
    "nothing": b"",
    "half a head": said()[:40],
    "another status": said(first="HTTP/1.1 404 Not Found"),
    "nothing new": said(first="HTTP/1.1 304 Not Modified", body=b""),
    "only a beginning": b"HTTP/1.1 100 Continue\r\n\r\n" + said(),
    "an older protocol": said(first="HTTP/1.0 200 OK"),
    "no length": said({"Server": "gunicorn"}),
    "chunks": said(HEADERS | {"Transfer-Encoding": "chunked"}),
    "the end of the connection": said(HEADERS | {"Connection": "close"}),
    "a length twice": said(HEADERS | {"content-length": "2"}),
    "a signed length": said(HEADERS | {"Content-Length": "+15"}),
    "a folded header": said(HEADERS | {"X-A": "a\r\n b"}),
    "a blank before a value": said(HEADERS | {"X-A": " a"}),
    "a blank behind a value": said(HEADERS | {"X-A": "a "}),
    "a value beyond ASCII": said(HEADERS | {"X-A": "\xe9"}),
    "too much": said(HEADERS | {"Content-Length": str(64 * 2**20 + 1)}),
}


@pytest.mark.parametrize("data", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_is_not_plain_is_left_whole_to_http_client(data: bytes) -> None:
    stream = reader(data)
    assert _plain(stream) is None
    assert stream.read() == data


def test_an_answer_of_our_services_is_plain() -> None:
    answer = _plain(reader(said()))
    assert answer is not None
    assert (answer.status, answer.body, answer.headers["x-request-id"]) == (200, BODY, "6a1f")


def test_half_a_body_is_no_answer() -> None:
    with pytest.raises(IncompleteRead):
        _plain(reader(said(body=BODY[:5])))


NAMES = st.sampled_from([*HEADERS, "content-length", "Transfer-Encoding", "X-A", "X_A", "ETag", ""])
VALUES = st.one_of(
    st.sampled_from(["15", "015", "0", "chunked", "close", "keep-alive", " 15", "15 ", "a\r\n b", ""]),
    st.text("".join(map(chr, range(256))), max_size=8),
)
FIRST = st.sampled_from(["HTTP/1.1 200 OK"] * 5 + ["HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.1 206 Part"])


@given(FIRST, st.dictionaries(NAMES, VALUES, max_size=3), st.sampled_from([BODY, b"", BODY * 2]))
def test_http_client_reads_whatever_is_plain_in_the_same_way(
    first: str, more: dict[str, str], body: bytes
) -> None:
    data = said(HEADERS | more, first, body)
    try:
        plain = _plain(reader(data))
    except IncompleteRead:
        with pytest.raises(IncompleteRead):
            by_http_client(data)
        return
    if plain is not None:
        assert (plain.status, plain.body, {**plain.headers}) == by_http_client(data)


def by_http_client(data: bytes) -> tuple[int, bytes, dict[str, str]]:
    class Whole:
        def makefile(self, _: str) -> io.BufferedReader:
            return reader(data)

    with closing(HTTPResponse(Whole())) as response:  # type: ignore[arg-type]
        response.begin()
        assert not response.will_close
        named = {name.lower(): value for name, value in response.headers.items()}
        return response.status, response.read(), named


class Pieces:
    """A socket on which an answer comes in these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def settimeout(self, _: float) -> None:
        """Wait for nothing."""

    def recv_into(self, buffer: memoryview) -> int:
        piece = self._pieces.pop(0)
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("first", [len(said()), len(said()) - 5, 50, 1])
def test_an_answer_may_come_in_pieces(first: int) -> None:
    pieces = Pieces(said()[:first], said()[first:])
    answer, reusable = Incoming(pieces, time.monotonic, time.monotonic() + 20).answer("POST")  # type: ignore[arg-type]
    assert (answer.status, answer.body, reusable) == (200, BODY, True)


def test_what_is_no_http_is_no_answer() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"hello\r\n\r\n")
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(HTTPException):
            Incoming(ours, time.monotonic, time.monotonic() + 20).answer("POST")
