"""Makes the kits of the services' own tests known to the attacks below, and serves what drips."""

import socket
from collections.abc import Callable, Iterator

import pytest
from borrowed import conftest_of
from dripping_server import Serve, Server

for directory in ("webhook_service", "end_to_end", "config_service"):
    conftest_of(directory)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what starts such a server."""
    started: list[Server] = []

    def start(talk: Callable[[Server, socket.socket], None]) -> Server:
        started.append(Server(talk))
        return started[-1]

    yield start
    for server in started:
        server.close()
