"""A server that sends what a test makes it send, for as long as somebody listens."""

import socket
import threading
from collections.abc import Callable


class Server:
    """Answers every connection with what `talk` sends into it, until the client hangs up or the test ends."""

    def __init__(self, talk: Callable[["Server", socket.socket], None]) -> None:
        self._talk = talk
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.port: int = self._socket.getsockname()[1]
        self.hung_up = threading.Event()
        self.connections = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def drip(self, connection: socket.socket, text: bytes) -> None:
        """Send `text` again and again, a byte in 20 ms: no pause is long, and there is no end."""
        while not self._over.wait(0.02):
            connection.sendall(text[:1])
            text = text[1:] + text[:1]

    def close(self) -> None:
        self._over.set()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                try:
                    self._talk(self, connection)
                except OSError:
                    self.hung_up.set()


Serve = Callable[[Callable[[Server, socket.socket], None]], Server]
