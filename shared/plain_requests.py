"""Answers requests in plain form without gunicorn's parser, which takes longer than what they ask for.

Plain is what every HTTP parser reads in one way: a POST to a path that every event takes, in one piece with
its head, of HTTP/1.1, each header once and in its simplest spelling, its body's length given. Whatever else
comes is left to gunicorn, untouched. https://www.rfc-editor.org/rfc/rfc9112
"""

import io
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from shared.client_connections import ClientConnection
from shared.json_endpoint import ENDPOINTS, Answer, End, JsonEndpoint
from shared.plain_answers import Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Answers a request; it may begin to send its answer itself.
Respond = Callable[["WSGIEnvironment", Reply], tuple[Answer, End]]

AT_ONCE = 16 * 1024  # bytes to ask a connection for

_LONGEST_HEAD = 4096  # bytes; within the limits of both services
_LONGEST_BODY = 512 * 1024
_HEAD = re.compile(
    rb"POST (/[A-Za-z0-9/_-]{0,200}) HTTP/1\.1"
    rb"((?:\r\n[A-Za-z0-9-]++: [\x21-\x7e][\x20-\x7e]*+(?<! )){1,50})\r\n\r\n"
)
# They change what follows, or what is to be answered.
_NOT_PLAIN = {"HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE", "HTTP_TRAILER", "HTTP_TE"}
_LENGTH = re.compile(r"0|[1-9][0-9]{0,6}")


class PlainHead(NamedTuple):
    """The head of a plain request: its WSGI environment, the length of its body and where that begins."""

    environ: "WSGIEnvironment"
    length: int
    begins: int


class PlainRequests:
    """Serves the plain ones among the requests of connections."""

    def __init__(self, responders: Mapping[str, Respond]) -> None:
        """Take what answers each path that needs nothing of gunicorn's."""
        self._responders = responders

    @classmethod
    def of(cls, app: Any, configuration: Any, responder: Callable[[JsonEndpoint], Respond]) -> Self | None:
        """Return what serves a Flask `app`'s plain requests, or None where gunicorn is to serve them all.

        That is where connections carry more than HTTP, and where it counts what it has served.
        `responder` makes of each of the app's endpoints what answers its requests.
        """
        endpoints = getattr(app, "extensions", {}).get(ENDPOINTS)
        wrapped = (
            configuration.is_ssl or configuration.proxy_protocol != "off" or configuration.protocol != "http"
        )
        if not endpoints or wrapped or configuration.max_requests:
            return None
        return cls({path: responder(endpoint) for path, endpoint in endpoints.items()})

    def serve(self, data: bytes, connection: ClientConnection, address: Any, *, last: bool) -> bool:
        """Answer the request that begins with `data`, and return True; put all back where it is not plain.

        With `last` the client is told that the connection ends. Raise OSError where it is lost.
        """
        head = read_head(data)
        respond = head and self._responders.get(head.environ["PATH_INFO"])
        if not head or not respond:
            connection.put_back(data)
            return False
        body = data[head.begins :]
        if len(body) < head.length:
            body = _whole(body, head.length, connection)
        if len(body) != head.length:  # the client hung up, or has sent more than this request
            connection.put_back(data[: head.begins] + body)
            return False
        head.environ["REMOTE_ADDR"] = address if isinstance(address, str) else address[0]
        head.environ["wsgi.input"] = io.BytesIO(body)
        reply = Reply(connection, last=last)
        answer, end = respond(head.environ, reply)
        try:
            reply.finish(answer)
        finally:
            end()  # logging would take a tenth of the client's time
        return True


def read_head(data: bytes) -> PlainHead | None:
    """Return the head of the request that begins with `data`, or None where it is not plain."""
    found = _HEAD.match(data, 0, _LONGEST_HEAD)
    if not found:
        return None
    lines = found[2].decode("ascii").split("\r\n")[1:]
    environ: dict[str, Any] = {_key(name): value for name, value in [line.split(": ", 1) for line in lines]}
    if len(environ) < len(lines):  # a header twice
        return None
    length = environ.pop("HTTP_CONTENT_LENGTH", "")
    if not _LENGTH.fullmatch(length) or int(length) > _LONGEST_BODY:
        return None
    if "HTTP_HOST" not in environ or not _NOT_PLAIN.isdisjoint(environ):
        return None
    if environ.get("HTTP_CONNECTION", "keep-alive").lower() != "keep-alive":
        return None
    if "HTTP_CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    environ |= {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": found[1].decode("ascii"),
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": length,
    }
    return PlainHead(environ, int(length), found.end())


def _whole(body: bytes, length: int, connection: ClientConnection) -> bytes:
    """Return the body, of which the beginning has come; less than all of it where the client hung up."""
    pieces = bytearray(body)
    while len(pieces) < length and (more := connection.recv(length - len(pieces))):
        pieces += more
    return bytes(pieces)


@lru_cache(maxsize=256)  # the same few names come all the time
def _key(name: str) -> str:
    return "HTTP_" + name.upper().replace("-", "_")
