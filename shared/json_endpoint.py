"""One path of a service, answered as a WSGI application of its own in front of Flask (PEP 3333).

For the paths that every event takes: Flask's routing, contexts and request objects would cost more there
than what the request is for. Ids, logs, metrics and the shape of errors are the same as behind Flask.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from werkzeug.exceptions import ClientDisconnected, MethodNotAllowed, RequestEntityTooLarge

from shared.access_line import Ended, Observer, end_together
from shared.errors import ServiceError, refusal
from shared.exchanges import Exchange, WouldWaitError, each
from shared.request_id import REQUEST_ID_HEADER
from shared.security_headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Takes requests to their answers, JSON documents. Where it may not wait, it ends those that must with
# WouldWaitError, before anything of them was done.
Handle = Callable[[Sequence[Exchange], bool], None]
End = Callable[[], None]  # what is left to do once an answer is on its way: its line in the log, its count

ENDPOINTS = "json_endpoint.endpoints"  # under it Flask's extensions name what answers here, by path

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Answer(NamedTuple):
    """What a request is answered; `status` is HTTP's number and phrase."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


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
        """Take what deals with requests, the status of each error, and what answers the other paths."""
        self._path = path
        self._handle = handle
        self._statuses = statuses
        self._observe = observe
        self._others = others

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request, of any path."""
        if environ["PATH_INFO"] != self._path:
            return self._others(environ, start_response)
        (status, headers, body), end = self.answer(environ)
        end()  # who calls says nothing once the answer is on its way
        start_response(status, headers)
        return [body]

    def answer(self, environ: "WSGIEnvironment") -> tuple[Answer, End]:
        """Answer a request to the path."""
        exchange = Exchange(environ)
        self._deal_with([exchange], may_wait=True)
        answer = self._answer_to(exchange)
        return answer, lambda: self._end([exchange], [answer])

    def answer_together(self, environs: Sequence["WSGIEnvironment"]) -> tuple[list[Answer | None], End]:
        """Answer requests to the path, but with None one that would keep the others waiting.

        Nothing was done of such a one but that its body was read, and the end is that of the others.
        """
        exchanges = [Exchange(environ) for environ in environs]
        self._deal_with(exchanges, may_wait=False)
        answers = [
            None if isinstance(exchange.error, WouldWaitError) else self._answer_to(exchange)
            for exchange in exchanges
        ]
        return answers, lambda: self._end(exchanges, answers)

    def _deal_with(self, exchanges: Sequence[Exchange], *, may_wait: bool) -> None:
        each(exchanges, _posted)
        try:
            self._handle(exchanges, may_wait)
        except Exception as error:  # noqa: BLE001 - a server that gets one would answer in another shape
            for exchange in exchanges:
                exchange.error = exchange.error or error

    def _answer_to(self, exchange: Exchange) -> Answer:
        status, document = 200, exchange.value
        headers: list[tuple[str, str]] = []
        if exchange.error:
            exchange.line.resume()
            status, document, headers = refusal(exchange.error, self._statuses)
        body = msgspec.json.encode(document)
        headers += [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            (REQUEST_ID_HEADER, exchange.line.request_id),
            *SECURITY_HEADERS,  # plain requests do not pass what adds them to Flask's answers
        ]
        return Answer(_STATUS_LINES[status], headers, body)

    def _end(self, exchanges: Iterable[Exchange], answers: Iterable[Answer | None]) -> None:
        ended = [
            Ended(exchange.line, exchange.environ["REQUEST_METHOD"], int(answer.status[:3]))
            for exchange, answer in zip(exchanges, answers, strict=True)
            if answer
        ]
        end_together(ended, self._path, self._observe)


def _posted(environ: "WSGIEnvironment") -> "WSGIEnvironment":
    if environ["REQUEST_METHOD"] != "POST":
        raise MethodNotAllowed(["POST"])
    return environ


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
