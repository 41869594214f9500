"""Connections against a real server on this machine that does what a test tells it, connection by connection."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import BadStatusLine, HTTPException, HTTPSConnection, IncompleteRead
from pathlib import Path
from typing import Any

import pytest

from shared import internal_answers, internal_connections
from shared.internal_answers import Answer
from shared.internal_client import InternalCallError, InternalClient
from shared.internal_connections import Connections

pytestmark = pytest.mark.enable_socket

Handler = Callable[["Peer"], None]
TOPICS = b'{"topics": []}'


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.packets: list[bytes] = []

    def request(self) -> bytes:
        """Return the next request, or nothing at the end."""
        whole = self._packet()
        while whole and len(whole.partition(b"\r\n\r\n")[2]) < _length(whole):
            whole += self._packet()
        return whole

    def _packet(self) -> bytes:
        packet = self.sock.recv(65536)
        if packet:
            self.packets.append(packet)
        return packet

    def answer(self, body: bytes, headers: str = "") -> None:
        self.sock.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)


def _length(request: bytes) -> int:
    _, found, rest = request.partition(b"Content-Length: ")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


def answering(*bodies: bytes, headers: str = "") -> Handler:
    """Answer one request after the other, and then close."""

    def handle(peer: Peer) -> None:
        for body in bodies:
            peer.request()
            peer.answer(body, headers)

    return handle


def answering_on(body: bytes) -> Handler:
    """Answer for as long as the client keeps the connection."""

    def handle(peer: Peer) -> None:
        while peer.request():
            peer.answer(body)

    return handle


def saying(raw: bytes) -> Handler:
    """Answer one request with these bytes, and then close."""

    def handle(peer: Peer) -> None:
        peer.request()
        peer.sock.sendall(raw)

    return handle


def silent(peer: Peer) -> None:
    """Read for as long as the client keeps the connection."""
    while peer.request():
        pass


def dripping(head: bytes, drop: bytes) -> Handler:
    """Answer with a drop every now and then."""

    def handle(peer: Peer) -> None:
        peer.request()
        peer.sock.sendall(head)
        for _ in range(40):
            time.sleep(0.05)
            peer.sock.sendall(drop)

    return handle


class Server:
    """Hands each connection to the next of its handlers, and the last ones all to the last."""

    def __init__(self, *handlers: Handler) -> None:
        self.peers: list[Peer] = []
        self._handlers = handlers
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                peer = Peer(self._socket.accept()[0])
            except OSError:
                return
            handler = self._handlers[min(len(self.peers), len(self._handlers) - 1)]
            self.peers.append(peer)
            self._threads.append(threading.Thread(target=self._serve, args=(handler, peer)))
            self._threads[-1].start()

    def _serve(self, handler: Handler, peer: Peer) -> None:
        with peer.sock, suppress(OSError):  # the client may go away in the middle
            handler(peer)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # wakes who waits for a connection
        self._socket.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Server, Connections]]]:
    opened: list[tuple[Server, Connections]] = []

    def make(*handlers: Handler) -> tuple[Server, Connections]:
        server = Server(*handlers)
        opened.append((server, Connections(server.url, time.monotonic, 1.0)))
        return opened[-1]

    yield make
    for server, connections in opened:
        connections.close()
        server.close()


def get(connections: Connections, path: str = "/", limit: float = 5.0, **options: Any) -> Answer:
    return connections.request("GET", path, None, {}, limit, **options)


def test_a_request_leaves_in_one_packet(serve: Any) -> None:
    server, connections = serve(answering_on(b"yes"))
    headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
    assert connections.request("POST", "/a?b", b'{"c": 1}', headers, 5.0).body == b"yes"
    assert server.peers[0].packets == [
        f"POST /a?b HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer t\r\n"
        'Content-Type: application/json\r\nContent-Length: 8\r\n\r\n{"c": 1}'.encode()
    ]


def test_a_connection_is_kept_for_the_next_request(serve: Any) -> None:
    server, connections = serve(answering_on(b"yes"))
    assert [get(connections).body for _ in range(3)] == [b"yes"] * 3
    assert len(server.peers) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nETag: 1\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes",
    ],
    ids=["chunked", "not modified", "continue"],
)
def test_answers_of_every_form_leave_the_connection_for_the_next(raw: bytes, serve: Any) -> None:
    def handle(peer: Peer) -> None:
        peer.request()
        peer.sock.sendall(raw)
        answering_on(b"next")(peer)

    server, connections = serve(handle)
    first = get(connections)
    assert (first.status, first.body) in [(200, b"yes"), (304, b"")]
    assert get(connections).body == b"next"
    assert len(server.peers) == 1


def test_an_answer_may_end_with_its_connection(serve: Any) -> None:
    server, connections = serve(saying(b"HTTP/1.1 200 OK\r\n\r\nyes"))
    assert [get(connections).body for _ in range(2)] == [b"yes"] * 2
    assert len(server.peers) == 2


def test_who_wants_to_close_is_not_asked_again(serve: Any) -> None:
    server, connections = serve(answering(b"last", headers="Connection: close\r\n"), answering_on(b"other"))
    assert [get(connections).body for _ in range(2)] == [b"last", b"other"]
    assert len(server.peers) == 2


def test_a_redirect_is_an_answer(serve: Any) -> None:
    _, connections = serve(saying(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"))
    answer = get(connections)
    assert (answer.status, answer.headers["location"]) == (302, "/b")


def test_a_refusal_before_the_end_of_a_long_body_is_read(serve: Any) -> None:
    def handle(peer: Peer) -> None:
        peer.sock.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        peer.sock.shutdown(socket.SHUT_WR)
        peer.sock.recv(1)  # and closes on the rest

    _, connections = serve(handle)
    answer = connections.request("POST", "/", b"x" * 2**25, {}, 5.0)
    assert (answer.status, answer.body) == (413, b"no")


def test_a_stale_connection_is_replaced_by_a_fresh_one(serve: Any) -> None:
    server, connections = serve(answering(TOPICS), answering_on(TOPICS))
    client = InternalClient(server.url, "t", connections=connections)
    assert [client.topics(), client.topics()] == [(None, [])] * 2
    assert len(server.peers) == 2


def test_after_a_restart_all_stale_connections_are_dropped_at_once(serve: Any) -> None:
    both = threading.Barrier(2)

    def meeting(peer: Peer) -> None:
        peer.request()
        both.wait(10)
        peer.answer(TOPICS)

    server, connections = serve(meeting, meeting, answering_on(TOPICS))
    client = InternalClient(server.url, "t", connections=connections)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: client.topics(), range(2)))
    assert len(connections._idle) == 2
    assert [client.topics(), client.topics()] == [(None, [])] * 2
    assert (len(server.peers), len(connections._idle)) == (3, 1)


def test_a_fresh_connection_is_one_that_nobody_used(serve: Any) -> None:
    server, connections = serve(answering_on(b"yes"))
    get(connections)
    get(connections, fresh=True)
    assert len(server.peers) == 2


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", ConnectionResetError),
        (b"<html>\r\n", BadStatusLine),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nmid", IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nmid", IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nmid", ValueError),
    ],
    ids=["nothing", "no http", "half a body", "half a chunk", "less than a chunk"],
)
def test_a_connection_that_breaks_is_not_kept(raw: bytes, error: type[Exception], serve: Any) -> None:
    _, connections = serve(saying(raw), answering_on(b"yes"))
    with pytest.raises(error):
        get(connections)
    assert not connections._idle
    assert get(connections).body == b"yes"


@pytest.mark.parametrize(
    "handler",
    [
        silent,
        dripping(b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"."),
        dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"."),
    ],
    ids=["nothing", "headers", "body", "chunks", "without end"],
)
def test_an_answer_that_takes_too_long_is_given_up(handler: Handler, serve: Any) -> None:
    server, connections = serve(handler, answering_on(b"yes"))
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        get(connections, limit=0.2)
    assert 0.15 < time.monotonic() - begun < 1.0
    assert get(connections).body == b"yes"
    assert len(server.peers) == 2


def test_the_time_is_looked_at_before_every_read(serve: Any) -> None:
    server, _ = serve(answering_on(b"yes"))
    times = iter([1000.0, 1005.0])
    with pytest.raises(TimeoutError):
        get(Connections(server.url, lambda: next(times), 1.0), limit=5.0)


def test_what_takes_too_long_is_not_asked_for_again(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.internal_client.TOPICS_READ_TIMEOUT", 0.2)
    server, connections = serve(silent)
    client = InternalClient(server.url, "t", connections=connections)
    with pytest.raises(InternalCallError, match="TimeoutError"):
        client.topics()
    assert len(server.peers) == 1


def test_a_body_that_nobody_takes_is_given_up(serve: Any) -> None:
    ended = threading.Event()
    _, connections = serve(lambda _: ended.wait(10) and None)
    with pytest.raises(TimeoutError):
        connections.request("POST", "/", b"x" * 2**25, {}, 0.2)
    ended.set()


def test_a_refused_connection_is_said_so(serve: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(ConnectionRefusedError):
        get(Connections(url, time.monotonic, 1.0))
    with pytest.raises(InternalCallError, match=f"did not answer at {url}: ConnectionRefusedError"):
        InternalClient(url, "t").topics()


@pytest.mark.parametrize(
    ("raw", "fits"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234567890", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n1", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n1\r\n0\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n1234567890", False),
        (b"HTTP/1.1 200 OK\r\n\r\n123456789", True),
        (b"HTTP/1.1 200 OK\r\n\r\n1234567890", False),
    ],
)
def test_an_answer_has_a_greatest_length(
    raw: bytes, fits: bool, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(internal_answers, "_LONGEST_BODY", 9)
    _, connections = serve(saying(raw))
    if fits:
        assert get(connections).body == b"123456789"
    else:
        with pytest.raises(HTTPException, match="too long"):
            get(connections)


def test_threads_get_their_own_answers(serve: Any) -> None:
    def echoing(peer: Peer) -> None:
        while request := peer.request():
            peer.answer(request.split(b" ")[1])

    server, connections = serve(echoing)
    paths = [f"/{number}" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda path: get(connections, path).body.decode(), paths))
    assert answers == paths
    assert len(server.peers) <= 8


def test_only_so_many_idle_connections_are_kept(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internal_connections, "_KEPT", 1)
    server, connections = serve(answering_on(b"yes"))
    get(connections)
    get(connections, fresh=True)
    assert (len(server.peers), len(connections._idle)) == (2, 1)


def test_the_base_url_may_have_a_path(serve: Any) -> None:
    server, _ = serve(answering_on(b"yes"))
    prefixed = Connections(f"{server.url}/base ü/", time.monotonic, 1.0)
    get(prefixed, "/a")
    prefixed.close()
    assert server.peers[0].packets[0].startswith(b"GET /base%20%C3%BC/a HTTP/1.1\r\n")


def test_neither_a_proxy_nor_a_netrc_is_consulted(
    serve: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, _ = serve(answering_on(b"proxy"))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    server, connections = serve(answering_on(b"yes"))
    assert get(connections).body == b"yes"
    assert not proxy.peers
    assert b"Authorization" not in server.peers[0].packets[0]


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb: c", "a\rb: c"])
def test_no_header_begins_another_one(value: str, serve: Any) -> None:
    server, connections = serve(answering_on(b"yes"))
    with pytest.raises(ValueError, match="line break"):
        connections.request("GET", "/", None, {"If-None-Match": value}, 5.0)
    with pytest.raises(InternalCallError, match="ValueError"):
        InternalClient(server.url, value).topics()
    assert not server.peers


@pytest.mark.parametrize("url", ["", "config-service:8001", "ftp://config-service", "http://", "http://a:b"])
def test_what_is_no_url_of_a_server_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError):
        Connections(url, time.monotonic, 1.0)


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://config-service", "config-service", 80),
        ("https://config-service", "config-service", 443),
        ("https://[::1]:8001", "::1", 8001),
        ("http://[::1]", "::1", 80),
    ],
)
def test_a_url_names_host_and_port(url: str, host: str, port: int) -> None:
    connection = Connections(url, time.monotonic, 1.0)._new()
    assert (connection.host, connection.port) == (host, port)


def test_https_verifies_whom_it_speaks_to(serve: Any) -> None:
    server, _ = serve(saying(b"no TLS"))
    connections = Connections(server.url.replace("http", "https"), time.monotonic, 1.0)
    connection = connections._new()
    assert isinstance(connection, HTTPSConnection)
    assert connection._context.verify_mode == ssl.CERT_REQUIRED
    assert connection._context.check_hostname
    with pytest.raises(ssl.SSLError):
        get(connections)
