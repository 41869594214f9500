"""gunicorn's gevent worker, with time limits for clients and a shorter way for plain requests."""

import socket
from contextlib import suppress
from typing import Any

import gevent
from gunicorn.workers.ggevent import GeventWorker

from shared.client_connections import ClientConnection, drained, take_whole
from shared.gathering import Gathering
from shared.plain_requests import AT_ONCE, PlainRequests

_IN_A_ROW = 16  # requests, of some half a millisecond each


class PunctualGreenletWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves each connection in a greenlet, and hangs up on slow and garbled clients."""

    _plain: PlainRequests | None = None
    _in_a_row = 0

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take gunicorn's own arguments."""
        super().__init__(*args, **options)
        self._connections: set[ClientConnection] = set()

    def load_wsgi(self) -> None:
        """Load the application, and see which of its requests need nothing of gunicorn's."""
        super().load_wsgi()
        self._plain = PlainRequests.of(self.wsgi, self.cfg, lambda endpoint: Gathering(endpoint).answer)

    def notify(self) -> None:
        """Tell the arbiter that this worker lives; gunicorn does so every second, while it ends too.

        Then whoever has been kept alive for long enough without a request is let go, and when this worker
        ends, everybody: a load balancer keeps its connections open for longer than `graceful_timeout`, and
        each restart would take all of that.
        """
        super().notify()
        patience = self.cfg.keepalive if self.alive else 0
        for connection in [each for each in self._connections if each.is_idle_for(patience)]:
            with suppress(OSError):  # gone meanwhile
                connection.shutdown(socket.SHUT_RD)

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve the requests of one connection."""
        connection = ClientConnection(client)
        self._connections.add(connection)
        try:
            self._serve_plain(connection, addr)
            super().handle(listener, connection, addr)
        finally:
            self._connections.discard(connection)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer one request; raise StopIteration where the connection is to be closed."""
        take_whole(req)
        super().handle_request(listener_name, req, sock, addr)
        if not drained(req):
            raise StopIteration
        self._make_way(sock)
        if not req.unreader.buf.getvalue():  # else the next request has come with this one
            self._serve_plain(sock, addr)

    def _serve_plain(self, connection: ClientConnection, addr: Any) -> None:
        """Answer plain requests for as long as they come; what comes then is gunicorn's."""
        while self._plain:
            try:  # `notify` ends it where nothing comes
                if not self._plain.serve(connection.recv(AT_ONCE), connection, addr, last=not self.alive):
                    return
            except OSError:  # the client is gone, or too slow
                connection.put_back(b"")
                return
            if not self.alive:
                connection.put_back(b"")
                return
            self._make_way(connection)

    def _make_way(self, connection: ClientConnection) -> None:
        """Let the others go on now and then: a client that always has a next request must not starve them."""
        connection.await_request()
        self._in_a_row = (self._in_a_row + 1) % _IN_A_ROW
        if not self._in_a_row:
            gevent.sleep(0)
