"""What gunicorn's gevent worker does with connections when it is to end."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from gunicorn.workers.ggevent import GeventWorker

from shared.client_connections import ClientConnection
from shared.greenlet_worker import PunctualGreenletWorker

REQUEST = b"GET / HTTP/1.1\r\n"


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> PunctualGreenletWorker:
    """Return a worker that has not been started, so that no process has to be."""
    monkeypatch.setattr(GeventWorker, "__init__", lambda _: None)
    monkeypatch.setattr(GeventWorker, "notify", lambda _: None)
    made = PunctualGreenletWorker()
    made.alive = True
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
