"""DNS over UDP for the stand-in's zone, on the same port number as its HTTP."""

import contextlib
import socket
import socketserver
import threading

import dns.exception
import dns.message

from local_aws.dns_zone import DnsZone
from local_aws.errors import StartError


class DnsServer:
    """Answers in a thread of its own until it is closed."""

    def __init__(self, host: str, port: int, zone: DnsZone) -> None:
        """Listen; raise StartError where the port is taken."""
        try:
            self._server = socketserver.ThreadingUDPServer((host, port), _handler(zone))
        except OSError as error:
            raise StartError(f"cannot listen on {host}:{port}/udp ({error.strerror}): pass --port") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="dns", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(zone: DnsZone) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, sock = self.request
            with contextlib.suppress(dns.exception.DNSException, socket.error, IndexError):
                query = dns.message.from_wire(data)
                sock.sendto(zone.answer(query).to_wire(), self.client_address)

    return Handler
