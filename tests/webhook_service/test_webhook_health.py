"""What operators and probes see."""

import json
import os
import runpy
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import responses
from flask.testing import FlaskClient
from msgspec import Raw
from sns_kit import CLINIC_TOPIC, TOPIC, FakeConfigService, Post, Sns, sample

import webhook_service
from shared.batching import WaitedTooLongError
from shared.internal_answers import Answer
from shared.internal_api import FeedbackEvent, RecordResult, decode_event
from shared.internal_client import InternalCallError, InternalClient, InternalRefusedError
from shared.security_headers import SECURITY_HEADERS
from shared.serving import cores
from shared.ses import SesEvent
from webhook_service import create_app
from webhook_service.app import ENDPOINT
from webhook_service.config_client import ConfigServiceBusyError, HttpConfigClient
from webhook_service.settings import WebhookSettings

CONF = Path(webhook_service.__file__).parent / "gunicorn.conf.py"


def test_it_is_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").json["success"] is True
    response = client.get("/readyz")
    assert (response.status_code, response.json) == (200, {"success": True, "status": "ready"})


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/healthz"), ("GET", "/nowhere"), ("POST", "/api/v1/webhooks/ses")]
)
def test_every_answer_carries_the_security_headers(method: str, path: str, client: FlaskClient) -> None:
    headers = client.open(path, method=method).headers
    assert {name: headers.get(name) for name, _ in SECURITY_HEADERS} == dict(SECURITY_HEADERS)


def test_it_is_alive_but_not_ready_while_config_service_is_away(
    client: FlaskClient, config_service: FakeConfigService
) -> None:
    config_service.failure = InternalCallError("config_service did not answer.", retry_after=20)
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert (response.status_code, response.json["code"]) == (503, "config_service_unavailable")
    assert response.headers["Retry-After"] == "20"


def test_metrics_count_messages_and_events(client: FlaskClient, post: Post, sns: Sns, amazon: Any) -> None:
    post(sns.notification(sample("event_bounce")))
    text = client.get("/metrics").get_data(as_text=True)
    for line in (
        'sns_messages_total{result="recorded",type="Notification"}',
        'ses_events_total{kind="Bounce",result="recorded"}',
        'sns_certificate_fetches_total{result="fetched"}',
        'http_requests_total{method="POST",route="/api/v1/webhooks/ses",status="200"}',
    ):
        assert line in text


def test_metrics_are_not_grown_by_strangers(client: FlaskClient) -> None:
    client.open("/secret-path", method="TELEPORT")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'method="other",route="(no route)"' in text
    assert "TELEPORT" not in text
    assert "secret-path" not in text


EVENTS, TOPICS = "/internal/v1/events", "/internal/v1/topics"


class Internal:
    """Stands in for the connections to config_service: answers each path as it was told to."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[bytes], tuple[int, bytes]]] = {}
        self.sent: list[tuple[str, str, Any, dict[str, str]]] = []

    def request(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
        limit: float,
        *,
        fresh: bool = False,
    ) -> Answer:
        self.sent.append((method, path, body and json.loads(body), headers))
        status, answer = self.answers[path](body)
        return Answer(status, {}, answer)


@pytest.fixture
def internal() -> Internal:
    return Internal()


@pytest.fixture
def real_client(settings: WebhookSettings, internal: Internal) -> FlaskClient:
    """The service with the ConfigClient that create_app builds when none is handed in."""
    client = InternalClient(
        settings.config_service_url,
        settings.internal_api_token,
        connections=internal,  # type: ignore[arg-type]
    )
    return create_app(settings, config_client=HttpConfigClient(client)).test_client()


def test_the_client_is_by_default_the_real_one_of_the_settings(settings: WebhookSettings) -> None:
    client = create_app(settings).extensions[ENDPOINT].processor._client
    assert isinstance(client, HttpConfigClient)
    assert client._client._base_url == settings.config_service_url
    assert client._client._headers == {"Authorization": "Bearer token-of-tests"}


def test_the_real_client_records_through_the_internal_api(
    real_client: FlaskClient, internal: Internal, sns: Sns, amazon: responses.RequestsMock
) -> None:
    answer = {"results": [{"result": "held", "clinicId": None, "rule": None, "new": "field"}]}
    internal.answers[EVENTS] = lambda _: (200, json.dumps(answer).encode())
    response = real_client.post("/api/v1/webhooks/ses", json=sns.notification(sample("event_bounce")))
    assert response.json["result"] == "held"
    [(method, _, document, headers)] = internal.sent
    assert (method, headers["Authorization"]) == ("POST", "Bearer token-of-tests")
    [event] = document["events"]
    assert (event["kind"], event["recipient"], event["topicArn"]) == (
        "Bounce",
        "recipient@example.com",
        TOPIC,
    )


def test_the_real_client_splits_what_is_too_much_for_one_call(
    real_client: FlaskClient, internal: Internal, sns: Sns, amazon: responses.RequestsMock
) -> None:
    def answer(body: bytes) -> tuple[int, bytes]:
        return 200, json.dumps(
            {"results": [{"result": "recorded"} for _ in json.loads(body)["events"]]}
        ).encode()

    internal.answers[EVENTS] = answer
    document = sample("event_bounce")
    document["bounce"]["bouncedRecipients"] = [{"emailAddress": f"r{n}@example.com"} for n in range(1001)]
    response = real_client.post("/api/v1/webhooks/ses", json=sns.notification(document))
    assert response.json["result"] == "recorded"
    assert [len(document["events"]) for _, _, document, _ in internal.sent] == [500, 500, 1]


def test_a_message_that_waits_too_long_for_an_earlier_call_is_sent_again_by_sns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def waited(*_: Any) -> None:
        raise WaitedTooLongError

    client = HttpConfigClient(None)  # type: ignore[arg-type]  # nobody is called
    monkeypatch.setattr(client, "_together", waited)
    (failed,) = client.record([[]])
    assert isinstance(failed, ConfigServiceBusyError)
    assert failed.retry_after == 20


def test_what_is_refused_together_is_tried_alone_and_costs_no_other_message_its_result() -> None:
    class Refusing:
        def __init__(self) -> None:
            self.calls: list[list[str]] = []

        def record(self, events: Sequence[Raw]) -> list[RecordResult]:
            self.calls.append([decode_event(event).sns_message_id for event in events])
            if "bad" in self.calls[-1]:
                raise InternalRefusedError("No.")
            return [RecordResult("recorded") for _ in events]

    def of(message: str, count: int) -> list[FeedbackEvent]:
        return [FeedbackEvent(message, TOPIC, SesEvent("Open", datetime(2026, 1, 31, tzinfo=UTC)))] * count

    refusing = Refusing()
    client = HttpConfigClient(refusing)  # type: ignore[arg-type]
    first, bad, last = client.record([of("first", 2), of("bad", 1), of("last", 1)])
    assert (first, last) == ([RecordResult("recorded")] * 2, [RecordResult("recorded")])
    assert isinstance(bad, InternalRefusedError)
    assert refusing.calls == [["first", "first", "bad", "last"], ["first", "first"], ["bad"], ["last"]]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((503, b""), "unavailable"),
        ((200, b"<html>"), "unavailable"),
        ((401, b'{"message": "No.", "code": "bad_token", "hint": ""}'), "unavailable"),
        ((422, b'{"message": "No.", "code": "invalid_request", "hint": ""}'), "refused"),
    ],
    ids=["failing", "garbage", "token", "refused"],
)
def test_failures_of_the_real_client_are_503_and_counted(
    answer: tuple[int, bytes],
    why: str,
    real_client: FlaskClient,
    internal: Internal,
    sns: Sns,
    amazon: responses.RequestsMock,
) -> None:
    internal.answers = {path: lambda _: answer for path in (EVENTS, TOPICS)}
    envelope = sns.notification(sample("event_bounce"))
    unknown = sns.notification(sample("event_bounce"), TopicArn=CLINIC_TOPIC)
    for response in (
        real_client.post("/api/v1/webhooks/ses", json=envelope),
        real_client.post("/api/v1/webhooks/ses", json=unknown),
        real_client.get("/readyz"),
    ):
        assert (response.status_code, response.headers["Retry-After"]) == (503, "20")
    text = real_client.get("/metrics").get_data(as_text=True)
    for call in ("record", "topics"):
        assert f'internal_call_failures_total{{call="{call}",why="{why}"}}' in text


@pytest.fixture
def gunicorn_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INTERNAL_API_TOKEN", "token")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")  # so that it is as before afterwards
    monkeypatch.setattr("gevent.monkey.patch_all", lambda: None)  # for a process of its own
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: _made(tmp_path / f"{prefix}x"))
    for name in ("WEB_CONCURRENCY", "APP_ENV", "LOG_LEVEL", "AWS_SNS_TOPIC_ARN", "SNS_DEV_ORIGIN"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def _made(path: Path) -> str:
    path.mkdir()
    return str(path)


def test_gunicorn_shares_metrics_through_a_directory_of_its_own(
    gunicorn_environment: pytest.MonkeyPatch,
) -> None:
    conf = runpy.run_path(str(CONF))
    directory = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    gauge = directory / "gauge_liveall_7.db"
    gauge.touch()
    conf["child_exit"](None, SimpleNamespace(pid=7))
    assert not gauge.exists()
    conf["on_exit"](None)
    assert not directory.exists()


def test_gunicorn_removes_its_directory_also_after_a_reload(
    gunicorn_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    runpy.run_path(str(CONF))
    conf = runpy.run_path(str(CONF))
    assert len(list(tmp_path.iterdir())) == 1
    conf["on_exit"](None)
    assert list(tmp_path.iterdir()) == []


def test_gunicorn_leaves_a_directory_that_it_was_given(
    gunicorn_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gunicorn_environment.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    runpy.run_path(str(CONF))["on_exit"](None)
    assert tmp_path.exists()


@pytest.mark.parametrize(("given", "workers"), [(None, max(1, cores() - 1)), ("5", 5)])
def test_gunicorn_starts_as_many_workers_as_it_is_told(
    given: str | None, workers: int, gunicorn_environment: pytest.MonkeyPatch
) -> None:
    if given:
        gunicorn_environment.setenv("WEB_CONCURRENCY", given)
    assert runpy.run_path(str(CONF))["workers"] == workers


def test_gunicorn_stops_at_a_bad_setting_with_one_line_and_leaves_nothing(
    gunicorn_environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gunicorn_environment.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(SystemExit, match="LOG_LEVEL"):
        runpy.run_path(str(CONF))
    assert list(tmp_path.iterdir()) == []
