"""One path of a service, answered as a WSGI application of its own in front of Flask (PEP 3333).

For the paths that every event takes: Flask's routing, contexts and request objects would cost more there
than what the request is for. Ids, logs, metrics and the shape of errors are the same as behind Flask.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from werkzeug.exceptions import ClientDisconnected, MethodNotAllowed, RequestEntityTooLarge

from shared.access_line import AccessLine, Observer
from shared.errors import ServiceError, refusal
from shared.request_id import REQUEST_ID_HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Handle = Callable[["WSGIEnvironment"], Mapping[str, Any]]

PATHS = "json_endpoint.paths"  # under it Flask's extensions name the paths that are answered here

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class JsonEndpoint:
    """Answers POSTs to one path, with JSON or an error; leaves all else to another application."""

    def __init__(
        self,
        path: str,
        handle: Handle,
        statuses: Mapping[type[ServiceError], int],
        observe: Observer,
        others: "WSGIApplication",
    ) -> None:
        """Take what returns an answer to a request or raises, the status of each error, and the others."""
        self._path = path
        self._handle = handle
        self._statuses = statuses
        self._observe = observe
        self._others = others

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] != self._path:
            return self._others(environ, start_response)
        line = AccessLine.begin(environ.get("HTTP_X_REQUEST_ID"))
        status, document, headers = self._answer(environ)
        body = msgspec.json.encode(document)
        headers += [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            (REQUEST_ID_HEADER, line.request_id),
        ]
        line.end(environ["REQUEST_METHOD"], self._path, status, self._observe)
        start_response(_STATUS_LINES[status], headers)
        return [body]

    def _answer(self, environ: "WSGIEnvironment") -> tuple[int, Mapping[str, Any], list[tuple[str, str]]]:
        try:
            if environ["REQUEST_METHOD"] != "POST":
                raise MethodNotAllowed(["POST"])  # noqa: TRY301 - answered like all errors
            return 200, self._handle(environ), []
        except Exception as error:  # noqa: BLE001 - a server that gets one would answer in another shape
            return refusal(error, self._statuses)


def read_body(environ: "WSGIEnvironment", limit: int) -> bytes:
    """Return the request's body; raise RequestEntityTooLarge where it is longer than `limit` bytes.

    Raise ClientDisconnected where it does not come whole.

    Where it comes in chunks, the server knows its end.
    """
    declared = environ.get("CONTENT_LENGTH")
    length = int(declared) if declared else limit + 1
    try:
        body: bytes = environ["wsgi.input"].read(length) if length <= limit + 1 else b""
    except OSError:  # the client hung up, was too slow or sent garbled chunks: see client_connections.py
        raise ClientDisconnected from None
    if max(length if declared else 0, len(body)) > limit:
        raise RequestEntityTooLarge
    return body
