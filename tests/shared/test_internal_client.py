"""What callers of the internal API get for each answer, and for none."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import responses
import urllib3

from shared.internal_api import AddressCheck, FeedbackEvent, RecordResult, Topic
from shared.internal_client import InternalCallError, InternalClient, InternalRefusedError
from shared.request_id import begin_request
from shared.ses import SesEvent

BASE = "http://config-service:8001"
EVENT = FeedbackEvent("id-1", "arn", SesEvent("Open", datetime(2026, 1, 31, tzinfo=UTC)))

Call = Callable[[InternalClient], Any]
CALLS: dict[str, tuple[str, str, Call]] = {
    "record": ("POST", "/internal/v1/events", lambda client: client.record([EVENT])),
    "topics": ("GET", "/internal/v1/topics", lambda client: client.topics()),
    "config": ("GET", "/internal/v1/clinics/c/effective-config", lambda client: client.effective_config("c")),
    "check": ("POST", "/internal/v1/clinics/c/suppressions/check", lambda client: client.check_addresses("c", ["a"])),
}  # fmt: skip
every_call = pytest.mark.parametrize(("method", "path", "call"), CALLS.values(), ids=CALLS)


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> InternalClient:
    return InternalClient(BASE + "/", "token-1")


def test_events_are_recorded_with_a_result_each(
    client: InternalClient, server: responses.RequestsMock
) -> None:
    results = [{"result": "recorded", "clinicId": "c", "rule": "tag"}, {"result": "held"}]
    server.post(f"{BASE}/internal/v1/events", json={"results": results})
    begin_request("request-id-1")
    assert client.record([EVENT, EVENT]) == [RecordResult("recorded", "c", "tag"), RecordResult("held")]
    request = server.calls[0].request
    assert len(json.loads(request.body)["events"]) == 2
    assert request.headers["Authorization"] == "Bearer token-1"
    assert request.headers["X-Request-Id"] == "request-id-1"


def test_results_for_another_number_of_events_are_no_answer(
    client: InternalClient, server: responses.RequestsMock
) -> None:
    server.post(f"{BASE}/internal/v1/events", json={"results": []})
    with pytest.raises(InternalCallError, match="another number"):
        client.record([EVENT])


def test_topics_come_with_their_etag(client: InternalClient, server: responses.RequestsMock) -> None:
    topics = [{"topicArn": "arn", "clinicIds": ["c"]}]
    server.get(f"{BASE}/internal/v1/topics", json={"topics": topics}, headers={"ETag": '"1"'})
    assert client.topics() == ('"1"', [Topic("arn", ("c",))])
    assert "If-None-Match" not in server.calls[0].request.headers


def test_unchanged_topics_are_not_sent_again(client: InternalClient, server: responses.RequestsMock) -> None:
    server.get(f"{BASE}/internal/v1/topics", status=304)
    assert client.topics('"1"') == ('"1"', None)
    assert server.calls[0].request.headers["If-None-Match"] == '"1"'


def test_addresses_are_checked(client: InternalClient, server: responses.RequestsMock) -> None:
    answer = {"email": "a@b.com", "suppressed": False, "reachable": True, "reasons": []}
    server.post(f"{BASE}/internal/v1/clinics/c/suppressions/check", json={"results": [answer]})
    found = client.check_addresses("c", ["a@b.com"])
    assert found == [AddressCheck("a@b.com", suppressed=False, reachable=True, reasons=())]


def test_the_effective_config_comes_as_it_is(client: InternalClient, server: responses.RequestsMock) -> None:
    server.get(f"{BASE}/internal/v1/clinics/c/effective-config", json={"config": {"email": []}})
    assert client.effective_config("c") == {"email": []}


@every_call
@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 503, "json": {"message": "m", "code": "c", "hint": "h"}},
        {"status": 429},
        {"status": 404, "body": b"<html>"},
        {"status": 400, "json": []},
        {"status": 401, "json": {"message": "m", "code": "c", "hint": "h"}},
        {"status": 403, "json": {"message": "m", "code": "c", "hint": "h"}},
        {"status": 302, "headers": {"Location": "http://evil.example/"}},
        {"status": 200, "body": b""},
        {"status": 200, "body": b"<html>"},
        {"status": 200, "json": []},
        {"status": 200, "json": {}},
        {"body": requests.ReadTimeout()},
        {"body": requests.ConnectTimeout()},
        {"body": requests.exceptions.ChunkedEncodingError()},
    ],
    ids=str,
)
def test_no_useful_answer_means_try_later(
    *,
    method: str,
    path: str,
    call: Call,
    answer: dict[str, Any],
    client: InternalClient,
    server: responses.RequestsMock,
) -> None:
    server.add(method, BASE + path, **answer)
    with pytest.raises(InternalCallError):
        call(client)
    assert len(server.calls) == 1


@pytest.mark.parametrize("results", [None, 7, [7], [{"result": None}], [{}]], ids=str)
def test_results_of_another_shape_are_no_answer(
    results: Any, client: InternalClient, server: responses.RequestsMock
) -> None:
    server.post(f"{BASE}/internal/v1/events", json={"results": results})
    with pytest.raises(InternalCallError, match="another shape"):
        client.record([EVENT])


@every_call
@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_refusal_says_why(
    *, method: str, path: str, call: Call, status: int, client: InternalClient, server: responses.RequestsMock
) -> None:
    server.add(method, BASE + path, status=status, json={"message": "No.", "code": "why", "hint": "Do."})
    with pytest.raises(InternalRefusedError) as caught:
        call(client)
    assert (caught.value.message, caught.value.code, caught.value.hint) == ("No.", "why", "Do.")


@every_call
def test_a_broken_connection_is_tried_once_more(
    *, method: str, path: str, call: Call, client: InternalClient, server: responses.RequestsMock
) -> None:
    server.add(method, BASE + path, body=requests.ConnectionError())
    server.add(method, BASE + path, body=requests.ConnectionError())
    with pytest.raises(InternalCallError, match=r"did not answer at .*: ConnectionError"):
        call(client)
    assert len(server.calls) == 2


def test_the_second_try_may_succeed(client: InternalClient, server: responses.RequestsMock) -> None:
    server.get(f"{BASE}/internal/v1/topics", body=requests.ConnectionError())
    server.get(f"{BASE}/internal/v1/topics", json={"topics": []})
    assert client.topics() == (None, [])


class Clock:
    """A clock that goes only when told."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def slow_break(clock: Clock, seconds: float) -> Callable[[Any], Any]:
    """Return an answer that breaks the connection after some time."""

    def answer(_: Any) -> Any:
        clock.seconds += seconds
        raise requests.ConnectionError

    return answer


@every_call
def test_the_repeat_has_the_time_that_the_first_try_left(
    *, method: str, path: str, call: Call, server: responses.RequestsMock
) -> None:
    clock = Clock()
    server.add_callback(method, BASE + path, slow_break(clock, 1.5))
    server.add(method, BASE + path, status=500)
    with pytest.raises(InternalCallError, match="500"):
        call(InternalClient(BASE, "token-1", clock))
    [first, second] = [sent.request.req_kwargs["timeout"] for sent in server.calls]
    assert first == (1.0, 2.0 if path.endswith("topics") else 4.0)
    assert second == (1.0, first[1] - 1.5)


def test_a_connection_that_breaks_after_all_the_time_is_not_repeated(server: responses.RequestsMock) -> None:
    clock = Clock()
    server.add_callback("GET", f"{BASE}/internal/v1/topics", slow_break(clock, 2.5))
    with pytest.raises(InternalCallError, match="ConnectionError"):
        InternalClient(BASE, "token-1", clock).topics()
    assert len(server.calls) == 1


@every_call
def test_a_body_that_stops_coming_is_not_asked_for_again(
    *, method: str, path: str, call: Call, client: InternalClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests calls that a ConnectionError, though it is a time-out."""
    sent = []

    class Stops(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise TimeoutError

    def urlopen(*_: Any, **__: Any) -> urllib3.HTTPResponse:
        sent.append(1)
        return urllib3.HTTPResponse(Stops(), status=200, preload_content=False)

    monkeypatch.setattr(urllib3.connectionpool.HTTPConnectionPool, "urlopen", urlopen)
    with pytest.raises(InternalCallError, match=r"did not answer at .*: ConnectionError"):
        call(client)
    assert len(sent) == 1


def test_calls_are_bounded_and_the_token_goes_to_nobody_else(
    client: InternalClient, server: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    server.get(f"{BASE}/internal/v1/topics", json={"topics": []})
    client.topics()
    sent = server.calls[0].request.req_kwargs
    assert sent["timeout"] == (1.0, 2.0)
    assert not sent["proxies"]
