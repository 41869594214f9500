"""What gunicorn's worker with threads does with plain requests."""

import socket
from collections.abc import Iterator
from threading import BoundedSemaphore
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker

from shared.json_endpoint import Answer, End
from shared.plain_answers import Reply
from shared.plain_requests import PlainRequests
from shared.thread_worker import _IN_A_ROW, PunctualThreadWorker, SeatedConnection

PLAIN = b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
OTHER = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
PEER = ("192.0.2.1", 4711)


def respond(_: dict[str, Any], __: Reply) -> tuple[Answer, End]:
    return Answer("200 OK", [("Content-Length", "4")], b"done"), lambda: None


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> PunctualThreadWorker:
    """Return a worker that has not been started; what is gunicorn's to answer it only reads."""
    monkeypatch.setattr(ThreadWorker, "__init__", lambda *_: None)
    monkeypatch.setattr(PunctualThreadWorker, "cfg", SimpleNamespace(threads=2), raising=False)
    monkeypatch.setattr(ThreadWorker, "handle", lambda _, conn: conn.sock.recv(1000))
    made = PunctualThreadWorker()
    made.alive = True
    made._plain = PlainRequests({"/events": respond})
    return made


@pytest.fixture
def ends() -> Iterator[tuple[TConn, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        yield TConn(Config(), ours, PEER, ("192.0.2.2", 8001)), theirs


Ends = tuple[TConn, socket.socket]


def test_plain_requests_are_answered_and_the_connection_stays(
    worker: PunctualThreadWorker, ends: Ends
) -> None:
    for _ in range(2):
        ends[1].sendall(PLAIN)
        assert worker.handle(ends[0]) is True
        assert b"Connection: keep-alive\r\n" in ends[1].recv(1000)


def test_the_next_request_is_answered_at_once_where_it_comes_at_once(
    worker: PunctualThreadWorker, ends: Ends
) -> None:
    to_come = [PLAIN, PLAIN]

    def respond_and_hear(environ: dict[str, Any], reply: Reply) -> tuple[Answer, End]:
        if to_come:
            ends[1].sendall(to_come.pop())
        return respond(environ, reply)

    worker._plain = PlainRequests({"/events": respond_and_hear})
    ends[1].sendall(PLAIN)
    assert worker.handle(ends[0]) is True
    assert ends[1].recv(1000).count(b"HTTP/1.1 200 OK") == 3


def test_a_thread_looks_for_the_next_request_before_it_sleeps(ends: Ends) -> None:
    connection = SeatedConnection(ends[0].sock, BoundedSemaphore(1))
    looks: list[float] = []

    def standing_still() -> float:
        looks.append(0.0)
        if len(looks) == 3:
            ends[1].sendall(PLAIN)
        return looks[-1]

    connection._clock = standing_still
    assert connection.goes_on()
    assert len(looks) == 3


def test_a_client_that_always_has_a_next_request_does_not_keep_the_thread(
    worker: PunctualThreadWorker, ends: Ends
) -> None:
    served = []

    def respond_and_hear(environ: dict[str, Any], reply: Reply) -> tuple[Answer, End]:
        served.append(environ)
        ends[1].sendall(PLAIN)
        return respond(environ, reply)

    worker._plain = PlainRequests({"/events": respond_and_hear})
    ends[1].sendall(PLAIN)
    assert worker.handle(ends[0]) is True
    assert len(served) == _IN_A_ROW


@pytest.mark.parametrize("next_one", [OTHER, b""], ids=["what is not plain", "the end"])
def test_what_comes_next_and_is_not_plain_is_gunicorns_too(
    worker: PunctualThreadWorker, ends: Ends, next_one: bytes
) -> None:
    def respond_and_hear(environ: dict[str, Any], reply: Reply) -> tuple[Answer, End]:
        if next_one:
            ends[1].sendall(next_one)
        else:
            ends[1].shutdown(socket.SHUT_WR)
        return respond(environ, reply)

    worker._plain = PlainRequests({"/events": respond_and_hear})
    ends[1].sendall(PLAIN)
    assert worker.handle(ends[0]) == next_one


def test_what_is_not_plain_is_gunicorns(worker: PunctualThreadWorker, ends: Ends) -> None:
    ends[1].sendall(OTHER)
    assert worker.handle(ends[0]) == OTHER


def test_nothing_is_read_past_what_gunicorn_has_read_already(
    worker: PunctualThreadWorker, ends: Ends
) -> None:
    ends[0].init()
    ends[0].parser.unreader.unread(b"POST /events HTTP/1.1\r\n")
    ends[1].sendall(PLAIN)
    assert worker.handle(ends[0]) == PLAIN


def test_a_worker_that_is_to_end_says_so_in_its_last_answer(worker: PunctualThreadWorker, ends: Ends) -> None:
    worker.alive = False
    ends[1].sendall(PLAIN)
    assert worker.handle(ends[0]) is False
    assert b"Connection: close\r\n" in ends[1].recv(1000)


def test_a_client_that_is_gone_costs_nothing_but_its_connection(
    worker: PunctualThreadWorker, ends: Ends
) -> None:
    ends[1].sendall(PLAIN)
    ends[1].close()
    assert worker.handle(ends[0]) is False


def test_who_has_sent_nothing_is_not_waited_for(worker: PunctualThreadWorker, ends: Ends) -> None:
    assert worker.handle(ends[0]) is _DEFER
