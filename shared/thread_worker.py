"""gunicorn's worker with threads, with time limits for clients and a shorter way for plain requests."""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore
from typing import Any

from gunicorn.workers.gthread import _DEFER, ThreadWorker

from shared.client_connections import MAX_UNREAD, ClientConnection, lost, take_whole
from shared.json_endpoint import JsonEndpoint
from shared.plain_requests import AT_ONCE, PlainRequests, Respond

_PIECE = 64 * 1024  # bytes
# How long a thread stays with a connection that it has answered on: webhook_service's next call mostly comes
# within that, and being woken for it by another thread would take as long.
_STAYS = 2  # ms
# For so long at first it looks again and again rather than sleep: on a virtual machine a processor that has
# gone to sleep takes as long to wake as a call's look-ups in the database do.
_AWAKE = 0.0006  # seconds
_IN_A_ROW = 16  # requests; then other connections that wait for a thread have their turn


class SeatedConnection(ClientConnection):
    """A connection that is waited for, by a thread, only while a seat is free.

    So slow clients never hold all threads: the others are left to those whose bytes are there already.
    """

    def __init__(self, sock: socket.socket, seats: BoundedSemaphore) -> None:
        """Take an accepted socket, and how many threads of the process may wait for clients at once."""
        super().__init__(sock)
        self._seats = seats
        self._over = False

    def sendall(self, data: bytes | memoryview, flags: int = 0) -> None:
        """Send `data`; raise ConnectionResetError where it is not taken in time, or must wait in vain."""
        if rest := memoryview(data)[self.send_at_once(data, flags) :]:
            with self._seat():
                super().sendall(rest, flags)

    def goes_on(self) -> bool:
        """Whether the next request comes within a moment."""
        poller = select.poll()
        poller.register(self._sock, select.POLLIN)
        asleep_at = self._clock() + _AWAKE
        while not poller.poll(0):
            if self._clock() >= asleep_at:
                return bool(poller.poll(_STAYS))
        return True

    def hang_up(self) -> None:
        """Read what has come unasked, which would take the answer along, and let nobody wait for more.

        gunicorn's main thread closes connections, and accepts no others while it waits for a client.
        """
        with suppress(OSError), self._at_once():
            for _ in range(MAX_UNREAD // _PIECE):
                if not self._sock.recv(_PIECE):
                    break
        self._over = True

    def _receive(self, size: int, flags: int) -> bytes:
        if self._over:
            return b""
        with suppress(BlockingIOError), self._at_once():
            return self._sock.recv(size, flags)
        with self._seat():
            return super()._receive(size, flags)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        patience = self._sock.gettimeout()
        self._sock.settimeout(0)
        try:
            yield
        finally:
            self._sock.settimeout(patience)

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._seats.acquire(blocking=False):
            raise lost("Too many slow clients are being waited for.")
        try:
            yield
        finally:
            self._seats.release()


class PunctualThreadWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves each request in a thread, and hangs up on slow and garbled clients."""

    _plain: PlainRequests | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take gunicorn's own arguments."""
        super().__init__(*args, **options)
        self._seats = BoundedSemaphore(max(1, self.cfg.threads // 2))

    def load_wsgi(self) -> None:
        """Load the application, and see which of its requests need nothing of gunicorn's."""
        super().load_wsgi()
        self._plain = PlainRequests.of(self.wsgi, self.cfg, _alone)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Accept connections, or none; who comes once this worker is to end is refused, not kept waiting.

        gunicorn keeps the listening socket open to the end, and the kernel takes connections for it.
        """
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()

    def handle(self, conn: Any) -> Any:
        """Serve requests for as long as they come, in a thread; return whether others may come later."""
        if not isinstance(conn.sock, SeatedConnection):
            conn.sock = SeatedConnection(conn.sock, self._seats)
        if not conn.initialized and not conn.wait_for_data(0):
            return _DEFER  # gunicorn's own word for: no thread waits for its first byte
        conn.sock.begin_request()
        goes_on = self._serve_plain(conn)
        for _ in range(_IN_A_ROW - 1):
            if not (goes_on and conn.sock.goes_on()):
                break
            conn.sock.begin_request()
            goes_on = self._serve_plain(conn)
        if goes_on is None:
            goes_on = super().handle(conn)
        if not goes_on:
            conn.sock.hang_up()
        return goes_on

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer one request; return whether its connection may carry another one."""
        take_whole(req)
        return super().handle_request(req, conn)

    def _serve_plain(self, conn: Any) -> bool | None:
        """Answer a plain request and return whether another one may come; None leaves it to gunicorn."""
        if self._plain is None or (conn.parser and conn.parser.unreader.buf.getvalue()):
            return None
        conn.sock.setblocking(True)
        try:
            served = self._plain.serve(conn.sock.recv(AT_ONCE), conn.sock, conn.client, last=not self.alive)
        except OSError:
            return False  # the client is gone, or too slow
        return bool(self.alive) if served else None


def _alone(endpoint: JsonEndpoint) -> Respond:
    """Return what answers each request by itself."""
    return lambda environ, _: endpoint.answer(environ)
