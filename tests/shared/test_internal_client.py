"""What callers of the internal API get for each answer, and for none."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected
from typing import Any, NamedTuple

import pytest

from shared.access_line import AccessLine
from shared.internal_answers import Answer
from shared.internal_api import AddressCheck, FeedbackEvent, RecordResult, Topic, encode_event
from shared.internal_client import InternalCallError, InternalClient, InternalRefusedError
from shared.ses import SesEvent

BASE = "http://config-service:8001"
EVENT = encode_event(FeedbackEvent("id-1", "arn", SesEvent("Open", datetime(2026, 1, 31, tzinfo=UTC))))

Call = Callable[[InternalClient], Any]
CALLS: dict[str, tuple[str, str, Call]] = {
    "record": ("POST", "/internal/v1/events", lambda client: client.record([EVENT])),
    "topics": ("GET", "/internal/v1/topics", lambda client: client.topics()),
    "config": ("GET", "/internal/v1/clinics/c/effective-config", lambda client: client.effective_config("c")),
    "check": ("POST", "/internal/v1/clinics/c/suppressions/check", lambda client: client.check_addresses("c", ["a"])),
}  # fmt: skip
every_call = pytest.mark.parametrize(("method", "path", "call"), CALLS.values(), ids=CALLS)


class Clock:
    """A clock that goes only when told."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Sent(NamedTuple):
    """One request, as it was handed to the connections."""

    method: str
    path: str
    body: bytes | None
    headers: Mapping[str, str]
    limit: float
    fresh: bool


class Server:
    """Stands in for Connections: says one thing after the other that it was told to."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sent: list[Sent] = []
        self.closed = False
        self._says: list[tuple[Answer | Exception, float]] = []

    def says(
        self,
        status: int = 200,
        *,
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        named = {name.lower(): value for name, value in (headers or {}).items()}
        body = body if json is None else _encoded(json)
        self._says.append((Answer(status, named, body), 0.0))

    def fails(self, error: Exception, seconds: float = 0.0) -> None:
        self._says.append((error, seconds))

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        limit: float,
        *,
        fresh: bool = False,
    ) -> Answer:
        self.sent.append(Sent(method, path, body, headers, limit, fresh))
        answer, seconds = self._says.pop(0)
        self.clock.seconds += seconds
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True


def _encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.fixture
def server() -> Server:
    return Server(Clock())


@pytest.fixture
def client(server: Server) -> InternalClient:
    return InternalClient(BASE + "/", "token-1", server.clock, server)  # type: ignore[arg-type]


def test_events_are_recorded_with_a_result_each(client: InternalClient, server: Server) -> None:
    results = [{"result": "recorded", "clinicId": "c", "rule": "tag"}, {"result": "held"}]
    server.says(json={"results": results})
    AccessLine.begin("request-id-1")
    assert client.record([EVENT, EVENT]) == [RecordResult("recorded", "c", "tag"), RecordResult("held")]
    [sent] = server.sent
    assert len(json.loads(sent.body)["events"]) == 2
    assert sent.headers == {
        "Authorization": "Bearer token-1",
        "X-Request-Id": "request-id-1",
        "Content-Type": "application/json",
    }


def test_results_for_another_number_of_events_are_no_answer(client: InternalClient, server: Server) -> None:
    server.says(json={"results": []})
    with pytest.raises(InternalCallError, match="another number"):
        client.record([EVENT])


def test_topics_come_with_their_etag(client: InternalClient, server: Server) -> None:
    server.says(json={"topics": [{"topicArn": "arn", "clinicIds": ["c"]}]}, headers={"etag": '"1"'})
    assert client.topics() == ('"1"', [Topic("arn", ("c",))])
    assert "If-None-Match" not in server.sent[0].headers


def test_unchanged_topics_are_not_sent_again(client: InternalClient, server: Server) -> None:
    server.says(304)
    assert client.topics('"1"') == ('"1"', None)
    assert server.sent[0].headers["If-None-Match"] == '"1"'


def test_addresses_are_checked(client: InternalClient, server: Server) -> None:
    server.says(
        json={"results": [{"email": "a@b.com", "suppressed": False, "reachable": True, "reasons": []}]}
    )
    found = client.check_addresses("c", ["a@b.com"])
    assert found == [AddressCheck("a@b.com", suppressed=False, reachable=True, reasons=())]


def test_the_effective_config_comes_as_it_is(client: InternalClient, server: Server) -> None:
    server.says(json={"config": {"email": []}})
    assert client.effective_config("c/ü") == {"email": []}
    assert server.sent[0].path == "/internal/v1/clinics/c%2F%C3%BC/effective-config"


@every_call
def test_each_call_has_its_method_and_path(
    *, method: str, path: str, call: Call, client: InternalClient, server: Server
) -> None:
    server.says(500)
    with pytest.raises(InternalCallError):
        call(client)
    [sent] = server.sent
    assert (sent.method, sent.path, sent.body is not None) == (method, path, method == "POST")


@every_call
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 503, "json": {"message": "m", "code": "c", "hint": "h"}},
        {"status": 429},
        {"status": 404, "body": b"<html>"},
        {"status": 404, "body": b'"\xff"'},
        {"status": 400, "json": []},
        {"status": 400, "json": {"message": "m", "code": "c"}},
        {"status": 401, "json": {"message": "m", "code": "c", "hint": "h"}},
        {"status": 403, "json": {"message": "m", "code": "c", "hint": "h"}},
        {"status": 302, "headers": {"Location": "http://evil.example/"}},
        {"status": 200, "body": b""},
        {"status": 200, "body": b"<html>"},
        {"status": 200, "body": b'{"config":{"a":"\xff"},"results":["\xff"],"topics":["\xff"]}'},
        {"status": 200, "json": []},
        {"status": 200, "json": {}},
    ],
    ids=str,
)
def test_no_useful_answer_means_try_later(
    *, method: str, path: str, call: Call, answer: dict[str, Any], client: InternalClient, server: Server
) -> None:
    server.says(**answer)
    with pytest.raises(InternalCallError):
        call(client)
    assert len(server.sent) == 1


@every_call
@pytest.mark.parametrize(
    "error", [TimeoutError(), IncompleteRead(b"x", 2), ValueError("A line break.")], ids=repr
)
def test_what_another_try_would_not_help_is_not_repeated(
    *, method: str, path: str, call: Call, error: Exception, client: InternalClient, server: Server
) -> None:
    server.fails(error)
    with pytest.raises(InternalCallError) as caught:
        call(client)
    assert caught.value.message == f"config_service did not answer at {BASE}: {type(error).__name__}."
    assert len(server.sent) == 1


@pytest.mark.parametrize("results", [None, 7, [7], [{"result": None}], [{}]], ids=str)
def test_results_of_another_shape_are_no_answer(results: Any, client: InternalClient, server: Server) -> None:
    server.says(json={"results": results})
    with pytest.raises(InternalCallError, match="another shape"):
        client.record([EVENT])


@every_call
@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_says_why(
    *, method: str, path: str, call: Call, status: int, client: InternalClient, server: Server
) -> None:
    server.says(status, json={"message": "No.", "code": "why", "hint": "Do.", "new": "field"})
    with pytest.raises(InternalRefusedError) as caught:
        call(client)
    assert (caught.value.message, caught.value.code, caught.value.hint) == ("No.", "why", "Do.")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_named(status: int, client: InternalClient, server: Server) -> None:
    server.says(status, json={"message": "No.", "code": "why", "hint": "Do."})
    with pytest.raises(InternalCallError) as caught:
        client.topics()
    assert caught.value.message == "config_service refused the token: No."
    assert caught.value.hint == "Do."


@every_call
@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError(), ConnectionResetError(), RemoteDisconnected(), OSError(), BadStatusLine("x")],
    ids=repr,
)
def test_a_broken_connection_is_tried_once_more_on_a_fresh_one(
    *, method: str, path: str, call: Call, error: Exception, client: InternalClient, server: Server
) -> None:
    server.fails(error)
    server.fails(error)
    with pytest.raises(InternalCallError, match=rf"did not answer at .*: {type(error).__name__}"):
        call(client)
    [first, second] = server.sent
    assert (first.fresh, second.fresh) == (False, True)
    assert second._replace(fresh=False) == first


def test_the_second_try_may_succeed(client: InternalClient, server: Server) -> None:
    server.fails(ConnectionResetError())
    server.says(json={"topics": []})
    assert client.topics() == (None, [])


@every_call
def test_the_repeat_has_the_time_that_the_first_try_left(
    *, method: str, path: str, call: Call, client: InternalClient, server: Server
) -> None:
    server.fails(ConnectionResetError(), seconds=1.5)
    server.says(500)
    with pytest.raises(InternalCallError, match="500"):
        call(client)
    [first, second] = server.sent
    assert first.limit == (2.0 if path.endswith("topics") else 4.0)
    assert second.limit == first.limit - 1.5


def test_a_connection_that_breaks_after_all_the_time_is_not_repeated(
    client: InternalClient, server: Server
) -> None:
    server.fails(ConnectionResetError(), seconds=2.0)
    with pytest.raises(InternalCallError, match="ConnectionResetError"):
        client.topics()
    assert len(server.sent) == 1


def test_a_connection_of_its_own_may_take_a_second() -> None:
    client = InternalClient(BASE, "token-1")
    assert client._connections._new().timeout == 1.0


def test_it_closes_its_connections(client: InternalClient, server: Server) -> None:
    client.close()
    assert server.closed
