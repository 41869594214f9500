"""What gunicorn's gevent worker does with plain requests, and with connections when it is to end."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.workers.ggevent import GeventWorker

from shared.client_connections import ClientConnection
from shared.greenlet_worker import PunctualGreenletWorker
from shared.json_endpoint import Answer, End
from shared.plain_answers import Reply
from shared.plain_requests import PlainRequests

REQUEST = b"GET / HTTP/1.1\r\n"


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> PunctualGreenletWorker:
    """Return a worker that has not been started, so that no process has to be."""
    monkeypatch.setattr(GeventWorker, "__init__", lambda _: None)
    monkeypatch.setattr(GeventWorker, "notify", lambda _: None)
    made = PunctualGreenletWorker()
    made.alive = True
    made.cfg = SimpleNamespace(keepalive=75)
    return made


@pytest.fixture
def pair() -> Iterator[Any]:
    """Return what makes a connection: the worker's end and the client's."""
    with ExitStack() as held:

        def connect() -> tuple[socket.socket, socket.socket]:
            ends = socket.socketpair()
            for end in ends:
                held.enter_context(end).settimeout(5)
            return ends

        yield connect


STEPS: dict[str, list[str]] = {
    "new": [],
    "between two requests": ["begin_request", "await_request"],
    "in a request": ["begin_request"],
}


def test_who_is_kept_alive_without_a_request_is_let_go_at_once_when_the_worker_ends(
    worker: PunctualGreenletWorker, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A balancer's idle connection would else hold up every restart for all of `graceful_timeout`."""
    ends = {name: pair() for name in STEPS}
    served: dict[str, ClientConnection] = {}

    def serve(_: Any, name: str, connection: ClientConnection, __: Any) -> None:
        served[name] = connection
        for step in STEPS[name]:
            getattr(connection, step)()
        if to_come := [other for other in STEPS if other not in served]:
            worker.handle(to_come[0], ends[to_come[0]][0], None)  # while this one is served, as greenlets do
        else:
            worker.alive = False
            worker.notify()

    monkeypatch.setattr(GeventWorker, "handle", serve)
    worker.handle("new", ends["new"][0], None)
    for _, client in ends.values():
        with suppress(BrokenPipeError):  # whose other end was shut down
            client.sendall(REQUEST)
    heard = {name: connection.recv(100) for name, connection in served.items()}
    assert heard == {"new": b"", "between two requests": b"", "in a request": REQUEST}


def test_nobody_is_let_go_while_the_worker_goes_on(
    worker: PunctualGreenletWorker, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = pair()
    heard = []

    def serve(_: Any, __: Any, connection: ClientConnection, ___: Any) -> None:
        worker.notify()
        theirs.sendall(REQUEST)
        assert connection.idle
        heard.append(connection.recv(100))
        assert not connection.idle
        connection.await_request()
        assert connection.idle

    monkeypatch.setattr(GeventWorker, "handle", serve)
    worker.handle("", mine, None)
    assert heard == [REQUEST]


def test_whose_connection_was_kept_for_long_enough_is_let_go_and_nobody_in_a_request(
    worker: PunctualGreenletWorker, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = pair()
    monkeypatch.setattr(worker.cfg, "keepalive", 0)
    heard = []

    def serve(_: Any, __: Any, connection: ClientConnection, ___: Any) -> None:
        theirs.sendall(REQUEST)
        connection.recv(1)
        worker.notify()
        heard.append(connection.recv(100))
        connection.await_request()
        worker.notify()
        heard.append(connection.recv(100))

    monkeypatch.setattr(GeventWorker, "handle", serve)
    worker.handle("", mine, None)
    assert heard == [REQUEST[1:], b""]


def test_a_connection_that_has_ended_is_forgotten(
    worker: PunctualGreenletWorker, pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = pair()

    def break_down(*_: Any) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(GeventWorker, "handle", break_down)
    with pytest.raises(ConnectionResetError):
        worker.handle("", mine, None)
    worker.alive = False
    worker.notify()
    theirs.sendall(REQUEST)
    assert mine.recv(100) == REQUEST, "nobody shut it down"


PLAIN = b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
During = Callable[[str], None]


@pytest.fixture
def answering(worker: PunctualGreenletWorker) -> Callable[[During], None]:
    """Return what lets the worker answer plain requests after a call of the given function."""

    def install(during: During) -> None:
        def respond(environ: dict[str, Any], _: Reply) -> tuple[Answer, End]:
            during(environ["wsgi.input"].read().decode())
            return Answer("200 OK", [("Content-Length", "4")], b"done"), lambda: None

        worker._plain = PlainRequests({"/events": respond})

    return install


def test_plain_requests_are_answered_until_another_one_comes_which_is_gunicorns(
    worker: PunctualGreenletWorker, pair: Any, answering: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = pair()
    to_come = [PLAIN, REQUEST]
    answering(lambda _: theirs.sendall(to_come.pop(0)))
    left = []
    monkeypatch.setattr(GeventWorker, "handle", lambda _, __, sock, ___: left.append(sock.recv(100)))
    theirs.sendall(PLAIN)
    worker.handle("", mine, ("192.0.2.1", 4711))
    assert left == [REQUEST]
    assert theirs.recv(1000).count(b"Connection: keep-alive\r\n") == 2


def test_a_worker_that_is_to_end_says_so_in_its_last_answer_and_takes_no_other_request(
    worker: PunctualGreenletWorker, pair: Any, answering: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = pair()
    left = []
    answering(lambda _: theirs.sendall(PLAIN))
    monkeypatch.setattr(GeventWorker, "handle", lambda _, __, sock, ___: left.append(sock.recv(100)))
    worker.alive = False
    theirs.sendall(PLAIN)
    worker.handle("", mine, ("192.0.2.1", 4711))
    assert left == [b""]
    assert b"Connection: close\r\n" in theirs.recv(1000)


def test_a_client_that_is_gone_is_gunicorns_to_close(
    worker: PunctualGreenletWorker, pair: Any, answering: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = pair()
    left = []
    answering(lambda _: theirs.close())
    monkeypatch.setattr(GeventWorker, "handle", lambda _, __, sock, ___: left.append(sock.recv(100)))
    theirs.sendall(PLAIN)
    worker.handle("", mine, ("192.0.2.1", 4711))
    assert left == [b""]
