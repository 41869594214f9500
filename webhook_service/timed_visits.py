"""Visits one of SNS's URLs: no redirect, no proxy, and an end in time, however slowly the answer drips."""

from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Any, NamedTuple

import requests
import urllib3
from requests.adapters import HTTPAdapter

from shared.conversation_deadline import ConversationDeadline


class Patience(NamedTuple):
    """Seconds for a connection, between two pieces of the answer, and for all of the visit."""

    connect: float
    read: float
    whole: float


class NoAnswerError(Exception):
    """No whole answer came in time; its text says why, and never where from."""


@contextmanager
def visited(url: str, patience: Patience) -> Iterator[requests.Response]:
    """Yield the answer of `url`, whose body is yet to be read; raise NoAnswerError, also for what is read."""
    with ConversationDeadline(patience.whole) as deadline, requests.Session() as session:
        session.trust_env = False
        session.headers["Accept-Encoding"] = "identity"
        for scheme in ("https://", "http://"):
            session.mount(scheme, _TimedAdapter(deadline))
        timeouts = (patience.connect, patience.read)
        try:
            with session.get(url, stream=True, timeout=timeouts, allow_redirects=False) as response:
                yield response
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswerError(_TOO_SLOW if deadline.passed else type(error).__name__) from None
        if deadline.passed:  # a body without a length then looks as if it had ended
            raise NoAnswerError(_TOO_SLOW)


_TOO_SLOW = "it came too slowly"


class _TimedAdapter(HTTPAdapter):
    """Has the connections that it makes shut down when the time is over."""

    def __init__(self, deadline: ConversationDeadline) -> None:
        self._deadline = deadline
        super().__init__()

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = _watched(pool.ConnectionCls, self._deadline)
        return pool


def _watched(kind: Any, deadline: ConversationDeadline) -> Any:
    class Watched(kind):  # type: ignore[misc]  # HTTPConnection or HTTPSConnection
        def _new_conn(self) -> socket:  # before TLS, whose handshake may drip as well
            connection: socket = super()._new_conn()
            deadline.watch(connection)
            return connection

    return Watched
