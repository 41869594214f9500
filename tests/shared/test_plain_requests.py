"""Plain requests, which are answered without gunicorn's parser, as gunicorn would have answered them."""

import io
import socket
from collections.abc import Iterator
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from gunicorn.http.wsgi import create
from hypothesis import given
from hypothesis import strategies as st

from shared.client_connections import ClientConnection
from shared.json_endpoint import ENDPOINTS, Answer, End
from shared.plain_answers import Reply
from shared.plain_requests import PlainRequests, Respond, read_head

PATH = "/api/v1/things"
PEER = ("192.0.2.1", 4711)
BODY = b'{"a": 1}'
# https://docs.aws.amazon.com/sns/latest/dg/http-notification-json.html
OF_SNS = {
    "x-amz-sns-message-type": "Notification",
    "x-amz-sns-topic-arn": "arn:aws:sns:us-east-1:123456789012:clinics",
    "Content-Length": str(len(BODY)),
    "Content-Type": "text/plain; charset=UTF-8",
    "Host": "hooks.clinic.example",
    "Connection": "Keep-Alive",
    "User-Agent": "Amazon Simple Notification Service Agent",
    "Accept-Encoding": "gzip,deflate",
}
BEHIND_A_PROXY = OF_SNS | {
    "X-Forwarded-For": "192.0.2.7, 198.51.100.1",
    "X-Forwarded-Proto": "https",
    "Via": "2.0 Caddy",
    "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
}


def head(headers: dict[str, str] = OF_SNS, first: str = f"POST {PATH} HTTP/1.1") -> bytes:
    return "\r\n".join([first, *[f"{name}: {value}" for name, value in headers.items()], "", ""]).encode(
        "latin-1"
    )


PLAIN = {
    "as SNS sends it": head(),
    "as a proxy hands it on": head(BEHIND_A_PROXY),
    "no body": head({"Host": "a", "Content-Length": "0"}),
}
NOT_PLAIN = {
    "nothing": b"",
    "another method": head(first=f"GET {PATH} HTTP/1.1"),
    "a query": head(first=f"POST {PATH}?a=1 HTTP/1.1"),
    "an escape in the path": head(first="POST /api/v1/%74hings HTTP/1.1"),
    "a path with dots": head(first="POST /api/../things HTTP/1.1"),
    "a whole URL": head(first=f"POST http://a{PATH} HTTP/1.1"),
    "HTTP/1.0": head(first=f"POST {PATH} HTTP/1.0"),
    "two blanks in the first line": head(first=f"POST  {PATH} HTTP/1.1"),
    "an empty line before it": b"\r\n" + head(),
    "an unfinished head": head()[:-2],
    "lines that end in a line feed": head().replace(b"\r\n", b"\n"),
    "no host": head({"Content-Length": "8"}),
    "no length": head({"Host": "a"}),
    "a signed length": head(OF_SNS | {"Content-Length": "+8"}),
    "a length in octal": head(OF_SNS | {"Content-Length": "08"}),
    "a length with a blank": head(OF_SNS | {"Content-Length": "8 8"}),
    "two lengths": head(OF_SNS | {"content-length": "8"}),
    "a header twice": head(OF_SNS | {"host": "other.example"}),
    "chunks": head(OF_SNS | {"Transfer-Encoding": "chunked"}),
    "chunks of an unknown kind": head(OF_SNS | {"Transfer-Encoding": "xchunked"}),
    "a body only on demand": head(OF_SNS | {"Expect": "100-continue"}),
    "another protocol afterwards": head(OF_SNS | {"Upgrade": "h2c", "Connection": "Upgrade"}),
    "the end of the connection": head(OF_SNS | {"Connection": "close"}),
    "a folded header": head(OF_SNS | {"X-A": "b\r\n c"}),
    "a blank before the colon": head(OF_SNS | {"X-A ": "b"}),
    "an underscore in a name": head(OF_SNS | {"X_A": "b"}),
    "a name of no characters": head(OF_SNS | {"": "b"}),
    "an empty value": head(OF_SNS | {"X-A": ""}),
    "a value beyond ASCII": head(OF_SNS | {"X-A": "\xe9"}),
    "a NUL in a value": head(OF_SNS | {"X-A": "a\0b"}),
    "a tab in a value": head(OF_SNS | {"X-A": "a\tb"}),
    "51 headers": head(OF_SNS | {f"X-{number}": "a" for number in range(51 - len(OF_SNS))}),
    "a long head": head(OF_SNS | {"X-A": "a" * 4096}),
    "a long body": head(OF_SNS | {"Content-Length": str(512 * 1024 + 1)}),
}


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN)
def test_what_sns_and_proxies_send_is_plain(data: bytes) -> None:
    assert read_head(data) is not None


@pytest.mark.parametrize("data", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_what_may_be_read_in_two_ways_or_asks_for_more_is_left_to_gunicorn(data: bytes) -> None:
    assert read_head(data) is None


def by_gunicorn(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The environment and the body that gunicorn reads from `data`, as webhook_service limits it."""
    configuration = Config()
    for name, value in {"line": 1024, "fields": 50, "field_size": 4096}.items():
        configuration.set(f"limit_request_{name}", value)
    request = next(RequestParser(configuration, iter([data]), PEER))
    environ = create(request, None, PEER, ("192.0.2.2", 8002), configuration)[1]
    return environ, environ["wsgi.input"].read()


NAMES = st.sampled_from(
    [*BEHIND_A_PROXY, "content-length", "Transfer-Encoding", "X-A", "X_A", "Expect", "TE", ""]
)
VALUES = st.one_of(
    st.sampled_from(
        ["8", "08", "0", "chunked", "close", "keep-alive", " 8", "8 ", "a\r\n b", "100-continue"]
    ),
    st.text("".join(map(chr, range(256))), max_size=8),
)
FIRST = st.sampled_from(
    [f"POST {PATH} HTTP/1.1"] * 5 + [f"POST {PATH}# HTTP/1.1", "POST / HTTP/1.1", "POST // HTTP/1.1"]
)


@given(FIRST, st.dictionaries(NAMES, VALUES, max_size=3), st.sampled_from([BODY, b"", BODY * 2]))
def test_gunicorn_reads_whatever_is_plain_in_the_same_way(
    first: str, more: dict[str, str], body: bytes
) -> None:
    data = head(OF_SNS | more, first)
    found = read_head(data + body)
    if found is None or found.length > len(body):
        return
    environ, read = by_gunicorn(data + body)
    assert read == body[: found.length]
    assert found.begins == len(data)
    assert {key: environ[key] for key in found.environ} == found.environ
    assert {key for key in environ if key.startswith(("HTTP_", "CONTENT_"))} <= set(found.environ)


def answering(status: str = "200 OK", *more: tuple[str, str], end: End = lambda: None) -> Respond:
    def respond(environ: dict[str, Any], _: Reply) -> tuple[Answer, End]:
        body = environ["wsgi.input"].read() + environ["REMOTE_ADDR"].encode()
        return Answer(status, [("Content-Length", str(len(body))), *more], body), end

    return respond


Ends = tuple[ClientConnection, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(5)
        yield ClientConnection(ours), theirs


def served(ends: Ends, respond: Respond, data: bytes, *, last: bool = False) -> bool:
    return PlainRequests({PATH: respond}).serve(data, ends[0], PEER, last=last)


def heard(ends: Ends) -> bytes:
    return ends[1].recv(10_000)


@pytest.mark.parametrize("last", [False, True])
def test_an_answer_is_the_one_that_gunicorn_gives_in_one_piece(ends: Ends, last: bool) -> None:
    respond = answering("422 Unprocessable Entity", ("X-Request-Id", "abc"), ("Retry-After", "5"))
    assert served(ends, respond, head() + BODY, last=last)
    configuration = Config()
    request = next(RequestParser(configuration, iter([head() + BODY]), PEER))
    sent = io.BytesIO()
    sink = SimpleNamespace(sendall=sent.write)
    response, environ = create(request, sink, PEER, ("192.0.2.2", 8002), configuration)
    if last:
        response.force_close()
    answer, _ = respond(environ, Reply(ends[0], last=last))
    response.start_response(answer.status, answer.headers)
    response.write(answer.body)
    assert without_date(heard(ends)) == without_date(sent.getvalue())


def without_date(answer: bytes) -> list[bytes]:
    lines = answer.split(b"\r\n")
    assert [line[:6] for line in lines].count(b"Date: ") == 1
    return [line for line in lines if not line.startswith(b"Date: ")]


@pytest.mark.parametrize(("address", "told"), [(PEER, "192.0.2.1"), (("::1", 4711, 0, 0), "::1"), ("", "")])
def test_the_client_is_named_as_gunicorn_names_it_also_behind_a_unix_socket(
    ends: Ends, address: Any, told: str
) -> None:
    assert PlainRequests({PATH: answering()}).serve(head() + BODY, ends[0], address, last=False)
    assert heard(ends).endswith(b"\r\n\r\n" + BODY + told.encode())


def test_a_body_may_come_in_pieces(ends: Ends) -> None:
    ends[1].sendall(BODY[3:])
    assert served(ends, answering(), head() + BODY[:3])
    assert heard(ends).endswith(BODY + PEER[0].encode())


LEFT = {
    "another path": head(first="POST /api/v1/others HTTP/1.1") + BODY,
    "what is not plain": NOT_PLAIN["chunks"] + b"0\r\n\r\n",
    "a request behind it": head() + BODY + head() + BODY,
    "half a body": head() + BODY[:3],
    "nothing, from who hung up": b"",
}


@pytest.mark.parametrize("data", LEFT.values(), ids=LEFT)
def test_what_is_left_to_gunicorn_is_there_whole(ends: Ends, data: bytes) -> None:
    ends[1].shutdown(socket.SHUT_WR)
    assert not served(ends, answering(), data)
    read = b"".join(iter(lambda: ends[0].recv(10), b""))
    assert read == data


def test_an_answer_with_a_line_break_in_a_header_is_not_sent(ends: Ends) -> None:
    with pytest.raises(ValueError, match="line break"):
        served(ends, answering("200 OK", ("X-A", "b\r\nSet-Cookie: c")), head() + BODY)


def test_an_answer_is_on_its_way_before_the_request_is_counted(ends: Ends) -> None:
    sent: list[bytes] = []
    assert served(ends, answering(end=lambda: sent.append(heard(ends))), head() + BODY)
    assert sent[0].endswith(BODY + PEER[0].encode())


def test_a_request_whose_client_is_gone_is_counted_too(ends: Ends) -> None:
    counted: list[int] = []
    ends[1].close()
    with pytest.raises(OSError, match="Broken pipe"):
        served(ends, answering(end=lambda: counted.append(1)), head() + BODY)
    assert counted == [1]


APP = SimpleNamespace(extensions={ENDPOINTS: {PATH: SimpleNamespace(answer=answering())}})
LEFT_ALONE: dict[str, tuple[Any, dict[str, Any]]] = {
    "an application that names no such path": (SimpleNamespace(extensions={}), {}),
    "an application that is none of Flask's": (object(), {}),
    "TLS": (APP, {"certfile": "a.pem"}),
    "a proxy's own first line": (APP, {"proxy_protocol": True}),
    "another protocol": (APP, {"protocol": "uwsgi"}),
    "workers that end after so many requests": (APP, {"max_requests": 10}),
}


@pytest.mark.parametrize(("app", "settings"), LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_gunicorn_serves_all_where_it_has_more_to_do(app: Any, settings: dict[str, Any]) -> None:
    configuration = Config()
    assert PlainRequests.of(APP, configuration, attrgetter("answer")) is not None
    for name, value in settings.items():
        configuration.set(name, value)
    assert PlainRequests.of(app, configuration, attrgetter("answer")) is None
