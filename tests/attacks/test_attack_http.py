"""HTTP itself: requests that two servers would read in two ways, and clients that take all the time there is.

Against both services as gunicorn processes, each under its own gunicorn.conf.py.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from borrowed import conftest_of

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]

WEBHOOK, CONFIG = "webhook_service", "config_service"
SERVICES = (WEBHOOK, CONFIG)
PATHS = {WEBHOOK: "/api/v1/webhooks/ses", CONFIG: "/internal/v1/events"}
PATIENCE = 8  # seconds of an honest client: less than a slow one is given
SMUGGLED = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
ALIVE = b'"status":"alive"'


class Stack:
    """Both services, and ways to speak to them below HTTP."""

    def __init__(self, services: Any) -> None:
        self._services = services
        config = services.start_config_service()
        self.urls = {CONFIG: config, WEBHOOK: services.start_webhook_service(config)}
        self.token = (services.var / "internal_api_token_record").read_text().strip()

    def connected(self, service: str, text: str | bytes = b"") -> socket.socket:
        """Return a connection on which `text` was sent."""
        where = urlsplit(self.urls[service])
        connection = socket.create_connection((where.hostname, where.port), timeout=30)
        connection.sendall(text.encode("latin-1") if isinstance(text, str) else text)
        return connection

    def answers(self, service: str, text: str) -> bytes:
        """Return everything that comes until the service closes the connection."""
        found = b""
        with closing(self.connected(service, text)) as connection:
            while piece := connection.recv(65536):
                found += piece
        return found

    def is_alive(self, service: str) -> bool:
        return requests.get(f"{self.urls[service]}/healthz", timeout=PATIENCE).ok

    def post(self, message: dict[str, str], headers: str = "") -> tuple[int, dict[str, Any]]:
        """Return status and body of what the webhook answers."""
        body = json.dumps(message)
        head = f"POST {PATHS[WEBHOOK]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
        answer = self.answers(WEBHOOK, f"{head}{headers}\r\n{body}")
        return int(answer.split()[1]), json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    kit = conftest_of("end_to_end")
    var = tmp_path_factory.mktemp("attacked")
    sns = kit.Sns()
    services = kit.Services(var, f"sqlite:///{var}/clinic_mail.db", sns, log_level="INFO", workers="1")
    try:
        yield Stack(services)
    finally:
        services.stop()
        sns.close()


FRAMING = {
    "length and chunks": f"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunks and length": f"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "two lengths": f"Content-Length: 0\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
    "one length twice": f"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{{}}{SMUGGLED}",
    "a list of lengths": f"Content-Length: 2, 2\r\n\r\n{{}}{SMUGGLED}",
    "a length with a sign": f"Content-Length: +2\r\n\r\n{{}}{SMUGGLED}",
    "a length below zero": f"Content-Length: -1\r\n\r\n{SMUGGLED}",
    "a length in hex": f"Content-Length: 0x2\r\n\r\n{{}}{SMUGGLED}",
    "a length with a blank in it": f"Content-Length: 0 2\r\n\r\n{SMUGGLED}",
    "a length with a line below": f"Content-Length: 1_0\r\n\r\n{SMUGGLED}",
    "a length of another script": f"Content-Length: \xb2\r\n\r\n{{}}{SMUGGLED}",
    "an empty length": f"Content-Length: \r\n\r\n{SMUGGLED}",
    "an unknown coding": f"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a coding of nothing": f"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{{}}{SMUGGLED}",
    "chunked twice": f"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunked in two headers": f"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "chunked not at the end": f"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a blank before the colon": f"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a tab of another kind": f"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a folded header": f"X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n{SMUGGLED}",
    "a folded coding": f"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n{SMUGGLED}",
    "a folded first line": f" X-A: b\r\n\r\n{SMUGGLED}",
    "NUL in a value": f"X-A: b\0c\r\n\r\n{SMUGGLED}",
    "NUL in a name": f"X-\0A: b\r\n\r\n{SMUGGLED}",
    "a return alone": f"X-A: b\rContent-Length: 5\r\n\r\n{SMUGGLED}",
    "a line feed alone": f"X-A: b\nContent-Length: 2\r\n\r\n{{}}{SMUGGLED}",
    "no colon": f"XA\r\n\r\n{SMUGGLED}",
    "no name": f": b\r\n\r\n{SMUGGLED}",
    "a blank in a name": f"X A: b\r\n\r\n{SMUGGLED}",
    "two hosts": f"Host: y\r\n\r\n{SMUGGLED}",
    "a huge header": f"X-A: {'b' * 20_000}\r\n\r\n{SMUGGLED}",
    "many headers": "".join(f"X-{n}: b\r\n" for n in range(60)) + f"\r\n{SMUGGLED}",
    "another expectation": f"Expect: 200-ok\r\nContent-Length: 2\r\n\r\n{{}}{SMUGGLED}",
}
REFUSED = {400, 417, 431, 501}


def _statuses(answers: bytes) -> list[int]:
    return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("rest", FRAMING.values(), ids=FRAMING.keys())
def test_a_request_that_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_read(
    rest: str, service: str, stack: Stack
) -> None:
    answers = stack.answers(service, f"POST {PATHS[service]} HTTP/1.1\r\nHost: x\r\n{rest}")
    [status] = _statuses(answers)
    assert status in REFUSED
    assert ALIVE not in answers


CHUNKS = {
    "no number": "zz\r\n{}\r\n0\r\n\r\n",
    "below zero": "-2\r\n{}\r\n0\r\n\r\n",
    "a sign": "+2\r\n{}\r\n0\r\n\r\n",
    "a prefix": "0x2\r\n{}\r\n0\r\n\r\n",
    "a line below": "1_0\r\n{}              \r\n0\r\n\r\n",
    "a blank before": " 2\r\n{}\r\n0\r\n\r\n",
    "too long": "2\r\n{}XX0\r\n\r\n",
    "a line in its extension": "2;a\n\r\n{}\r\n0\r\n\r\n",
    "a length in the trailer": "2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n",
    "a host in the trailer": "2\r\n{}\r\n0\r\nHost: y\r\n\r\n",
    "no name in the trailer": "2\r\n{}\r\n0\r\n: y\r\n\r\n",
}


@pytest.mark.parametrize("known", [True, False], ids=["read", "not read"])
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS.keys())
def test_a_bad_chunk_is_the_clients_fault_and_gets_one_answer(
    *, chunks: str, service: str, known: bool, stack: Stack
) -> None:
    """Two answers to one request would be taken for the answer to somebody else's; a 500 wakes the operator."""
    path = PATHS[service] if known else "/nowhere"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.token}\r\n"
    kind = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    answers = stack.answers(service, f"{head}{kind}{chunks}{SMUGGLED}")
    assert _statuses(answers) == [400 if known else 404]
    assert ALIVE not in answers


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "length", ["Content-Length: 100\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n64\r\n{}"]
)
def test_half_a_body_is_not_taken_for_the_whole(length: str, service: str, stack: Stack) -> None:
    head = f"POST {PATHS[service]} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.token}\r\n"
    kind = "Content-Type: application/json\r\n"
    with closing(stack.connected(service, head + kind + length)) as connection:
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert _statuses(answer) in ([400], [])
    assert b"hung up" not in answer or b"Traceback" not in answer


LINES = {
    "HTTP/0.9": "GET /healthz\r\n",
    "HTTP/2.0": "GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
    "HTTP/2 at once": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "chunks in HTTP/1.0": "POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two blanks": "GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tab": "GET\t/healthz\tHTTP/1.1\r\nHost: x\r\n\r\n",
    "a line feed alone": "GET /healthz HTTP/1.1\nHost: x\n\n",
    "NUL": "GET /he\0althz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a letter that is not ASCII": "GET /h\xe9althz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in lower case": "get /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "too long": f"GET /{'a' * 5000} HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("text", LINES.values(), ids=LINES.keys())
def test_a_first_line_that_is_none_is_refused(text: str, service: str, stack: Stack) -> None:
    [status] = _statuses(stack.answers(service, text))
    assert status in {400, 414}


def test_another_spelling_of_a_header_does_not_become_the_header(stack: Stack) -> None:
    """`x_amz_sns_...` would else be one and the same to WSGI, and get past whoever looks at the other."""
    sns = stack._services.sns
    message = sns.notification("x")
    assert stack.post(message, "x_amz_sns_message_id: another\r\n")[1]["result"] == "ignored"
    for headers in (
        "x-amz-sns-message-id: another\r\n",
        f"x-amz-sns-message-id: {message['MessageId']}\r\nx-amz-sns-message-id: another\r\n",
        "x-amz-sns-topic-arn: arn:aws:sns:us-east-1:999999999999:x\r\n",
    ):
        status, answer = stack.post(message, headers)
        assert (status, answer["code"]) == (400, "header_mismatch")


SLOW: dict[str, Callable[[str], str]] = {
    "say nothing": lambda _: "",
    "begin a request": lambda _: "POST / HT",
    "never end their headers": lambda path: f"POST {path} HTTP/1.1\r\nHost: x\r\nX-A: ",
    "never end their body": lambda path: f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{{",
    "never end their chunks": lambda path: (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n"
    ),
    "stay after the last answer": lambda _: "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "take no answer": lambda _: "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 3,
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW.keys())
def test_any_number_of_slow_clients_keeps_nobody_waiting(
    text: Callable[[str], str], service: str, stack: Stack
) -> None:
    """More of them than config_service has threads."""
    authorised = f"{PATHS[service]} HTTP/1.1\r\nAuthorization: Bearer {stack.token}"
    with ExitStack() as held:
        for _ in range(40):
            said = text(PATHS[service]).replace(f"{PATHS[service]} HTTP/1.1", authorised)
            held.enter_context(closing(stack.connected(service, said)))
        assert stack.is_alive(service)


def test_slow_clients_are_hung_up_on(stack: Stack) -> None:
    """Headers and bodies, of both services, all at once: it takes as long as one of them is given."""
    with ExitStack() as held:
        waiting = [
            held.enter_context(closing(stack.connected(service, text(PATHS[service]))))
            for service in SERVICES
            for name, text in SLOW.items()
            if name.startswith(("begin", "never end"))
        ]
        for connection in waiting:
            while connection.recv(65536):
                pass
    assert "Traceback" not in stack._services.logs()


@pytest.mark.parametrize("service", SERVICES)
def test_a_body_without_an_end_is_not_read_for_ever(service: str, stack: Stack) -> None:
    head = f"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\n"
    with closing(stack.connected(service, head)) as connection, pytest.raises(OSError):  # noqa: PT012
        while True:
            connection.sendall(b"x" * 65536)
