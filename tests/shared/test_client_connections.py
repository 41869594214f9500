"""Clients that are slow, or send what is no request, in front of gunicorn's workers."""

import socket
from collections.abc import Iterator
from threading import BoundedSemaphore
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import IterUnreader

from shared import client_connections
from shared.client_connections import MAX_UNREAD, REQUEST_SECONDS, ClientConnection, drained, take_whole
from shared.thread_worker import SeatedConnection


class Clock:
    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


Pair = tuple[socket.socket, socket.socket]


def test_a_request_has_its_time_from_its_first_byte_on(pair: Pair, clock: Clock) -> None:
    connection = ClientConnection(pair[0], clock)
    pair[1].sendall(b"abc")
    clock.seconds += 1000
    assert connection.recv(1) == b"a"
    clock.seconds += REQUEST_SECONDS - 0.1
    assert connection.recv(1) == b"b"
    clock.seconds += 0.2
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    connection.await_request()
    assert connection.recv(1) == b"c"
    assert connection.gettimeout() is None


def test_who_sends_nothing_is_not_waited_for_any_longer(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_connections, "REQUEST_SECONDS", 0.01)
    connection = ClientConnection(pair[0])
    connection.begin_request()
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    assert connection.gettimeout() is None


def test_who_takes_no_answer_is_not_waited_for_any_longer(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_connections, "ANSWER_SECONDS", 0.01)
    with pytest.raises(ConnectionResetError):
        ClientConnection(pair[0]).sendall(b"x" * 10_000_000)
    assert pair[0].gettimeout() is None


def test_who_waits_needs_a_seat_and_who_has_sent_needs_none(pair: Pair) -> None:
    seats = BoundedSemaphore(1)
    connection = SeatedConnection(pair[0], seats)
    connection.begin_request()
    seats.acquire()
    pair[1].sendall(b"here")
    assert connection.recv(10) == b"here"
    connection.sendall(b"answer")
    assert pair[1].recv(10) == b"answer"
    for call in (lambda: connection.recv(10), lambda: connection.sendall(b"x" * 10_000_000)):
        with pytest.raises(ConnectionResetError):
            call()
    seats.release()
    assert connection.gettimeout() is None


def test_a_seat_is_given_back(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_connections, "REQUEST_SECONDS", 0.01)
    seats = BoundedSemaphore(1)
    connection = SeatedConnection(pair[0], seats)
    for _ in range(2):
        connection.begin_request()
        with pytest.raises(ConnectionResetError, match="slowly"):
            connection.recv(1)
    assert seats.acquire(blocking=False)


def test_after_the_end_nothing_is_waited_for(pair: Pair) -> None:
    connection = SeatedConnection(pair[0], BoundedSemaphore(1))
    pair[1].sendall(b"unread")
    connection.hang_up()
    connection.settimeout(None)
    assert connection.recv(10) == b""


def _request(reader: Any) -> Any:
    request = SimpleNamespace(body=Body(reader))
    take_whole(request)
    return request


def _chunked(data: bytes) -> Any:
    message: Any = SimpleNamespace(limit_request_fields=10, limit_request_field_size=100)
    return ChunkedReader(message, IterUnreader([data]))


@pytest.mark.parametrize("data", [b"zz\r\n{}\r\n", b"2\r\n{}XX", b"5\r\n{}"])
def test_a_garbled_body_is_a_lost_connection(data: bytes) -> None:
    with pytest.raises(OSError):
        _request(_chunked(data)).body.read()


def test_half_a_body_is_a_lost_connection() -> None:
    with pytest.raises(ConnectionResetError):
        _request(LengthReader(IterUnreader([b"half"]), 8)).body.read()
    assert _request(LengthReader(IterUnreader([b"complete"]), 8)).body.read() == b"complete"


@pytest.mark.parametrize(
    ("length", "good"), [(0, True), (5, True), (MAX_UNREAD - 1, True), (MAX_UNREAD, False)]
)
def test_what_nobody_read_is_read_to_a_limit(length: int, good: bool) -> None:
    unreader = IterUnreader(iter(lambda: b"x" * 8192, None))
    request = _request(LengthReader(unreader, length))
    assert drained(request) is good
