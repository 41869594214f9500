"""gunicorn's gevent worker, with the time limits of `shared.client_connections`."""

import socket
from contextlib import suppress
from typing import Any

from gunicorn.workers.ggevent import GeventWorker

from shared.client_connections import ClientConnection, drained, take_whole


class PunctualGreenletWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Serves each connection in a greenlet, and hangs up on slow and garbled clients."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Take gunicorn's own arguments."""
        super().__init__(*args, **options)
        self._connections: set[ClientConnection] = set()

    def notify(self) -> None:
        """Tell the arbiter that this worker lives; gunicorn does so every second, while it ends too.

        Then whoever is kept alive without a request is let go: a load balancer keeps its connections open for
        longer than `graceful_timeout`, and each restart would take all of that.
        """
        super().notify()
        if not self.alive:
            for connection in [each for each in self._connections if each.idle]:
                with suppress(OSError):  # gone meanwhile
                    connection.shutdown(socket.SHUT_RD)

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve the requests of one connection."""
        connection = ClientConnection(client)
        self._connections.add(connection)
        try:
            super().handle(listener, connection, addr)
        finally:
            self._connections.discard(connection)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Answer one request; raise StopIteration where the connection is to be closed."""
        take_whole(req)
        super().handle_request(listener_name, req, sock, addr)
        if not drained(req):
            raise StopIteration
        sock.await_request()
