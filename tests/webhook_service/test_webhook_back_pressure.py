"""Where config_service is slow, messages are answered 503 in time, and do not pile up without end."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import responses
from flask import Flask
from prometheus_client import REGISTRY
from sns_kit import TOPIC, Sns, sample
from waiting import await_that
from werkzeug.test import TestResponse

from shared.internal_answers import Answer
from shared.internal_api import FeedbackEvent
from shared.internal_client import InternalClient, InternalRefusedError
from shared.internal_connections import Connections
from shared.ses import SesEvent
from webhook_service import create_app
from webhook_service.config_client import MAX_WAITING, ConfigServiceBusyError, HttpConfigClient
from webhook_service.settings import WebhookSettings

SECONDS = 20  # for a thread to get where it must get; none needs them
ROOM = 3

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class SlowConfigService:
    """Answers over HTTP, once it is let."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.calls: list[int] = []  # how many events each brought
        slow = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["events"]
                slow.calls.append(len(events))
                slow.go_on.wait(SECONDS)
                body = json.dumps({"results": [{"result": "recorded"} for _ in events]}).encode()
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # who asked has given up
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Hurried(Connections):
    """Gives each call less time than the service does."""

    limit = float(SECONDS)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        limit: float,
        **more: Any,
    ) -> Answer:
        return super().request(method, path, body, headers, self.limit, **more)


class Webhook:
    """The service before a config_service that hurries or does not, and posts to it."""

    def __init__(self, app: Flask, client: HttpConfigClient, sns: Sns) -> None:
        self._app = app
        self._client = client
        self._sns = sns
        self._pool = ThreadPoolExecutor(8)

    def post(self) -> TestResponse:
        return self._app.test_client().post(
            "/api/v1/webhooks/ses", json=self._sns.notification(sample("event_bounce"))
        )

    def begin(self) -> Future[TestResponse]:
        return self._pool.submit(self.post)

    def begin_and_wait(self, count: int) -> list[Future[TestResponse]]:
        """Post messages that must wait for the call that is under way."""
        begun = [self.begin() for _ in range(count)]
        await_that(lambda: len(self._client._together._waiting) == count)
        return begun

    def close(self) -> None:
        self._pool.shutdown()


@pytest.fixture
def config_service() -> Iterator[SlowConfigService]:
    with closing(SlowConfigService()) as slow:
        yield slow


@pytest.fixture
def webhook(
    settings: WebhookSettings, config_service: SlowConfigService, sns: Sns, amazon: responses.RequestsMock
) -> Iterator[Callable[..., Webhook]]:
    """Return what builds the service with so much patience, and so long a limit for each call, in seconds."""
    made: list[Webhook] = []
    clients: list[InternalClient] = []

    def build(patience: float, limit: float) -> Webhook:
        connections = Hurried(config_service.url, time.monotonic, 1.0)
        connections.limit = limit
        clients.append(InternalClient(config_service.url, "token", connections=connections))
        client = HttpConfigClient(clients[-1], patience=patience, room=ROOM)
        made.append(Webhook(create_app(settings, config_client=client), client, sns))
        return made[-1]

    yield build
    config_service.go_on.set()
    for each in [*made, *clients]:
        each.close()


def failures(why: str) -> float:
    counted = REGISTRY.get_sample_value("internal_call_failures_total", {"call": "record", "why": why})
    return counted or 0.0


def is_to_come_again(response: TestResponse, code: str) -> bool:
    return (response.status_code, response.headers["Retry-After"], response.json["code"]) == (503, "20", code)


def test_with_the_queue_full_a_message_is_answered_503_at_once_and_all_others_once_it_moves(
    webhook: Callable[..., Webhook], config_service: SlowConfigService
) -> None:
    service = webhook(patience=SECONDS, limit=SECONDS)
    under_way = service.begin()
    await_that(lambda: len(config_service.calls) == 1)
    waiting = service.begin_and_wait(ROOM)
    before = failures("full")

    turned_away = [service.post() for _ in range(10)]  # in this very thread: none of them waits

    assert all(is_to_come_again(response, "config_service_busy") for response in turned_away)
    assert failures("full") == before + 10
    assert not any(future.done() for future in [under_way, *waiting])
    config_service.go_on.set()
    answers = [future.result(SECONDS) for future in [under_way, *waiting]]
    assert {answer.status_code for answer in answers} == {200}
    half = (ROOM + 2) // 2
    assert config_service.calls == [1, half, ROOM - half]
    assert service.post().status_code == 200


def test_a_config_service_that_never_answers_costs_each_message_a_503_and_its_return_none(
    webhook: Callable[..., Webhook], config_service: SlowConfigService
) -> None:
    service = webhook(patience=0.1, limit=2.0)
    before = {why: failures(why) for why in ("unavailable", "busy")}
    under_way = service.begin()
    await_that(lambda: len(config_service.calls) == 1)
    waiting = [service.begin() for _ in range(ROOM)]

    assert is_to_come_again(under_way.result(SECONDS), "config_service_unavailable")
    for future in waiting:
        assert is_to_come_again(future.result(SECONDS), "config_service_busy")

    assert {why: failures(why) - count for why, count in before.items()} == {"unavailable": 1, "busy": ROOM}
    assert config_service.calls == [1]  # no second call was begun, and none goes on in the dark
    config_service.go_on.set()
    assert service.post().status_code == 200


def test_what_was_refused_slowly_is_not_put_again_with_no_time_left() -> None:
    class Refusing:
        calls = 0
        now = 0.0

        def record(self, _: object) -> None:
            self.calls += 1
            self.now += 1.5
            raise InternalRefusedError("No.")

    refusing = Refusing()
    client = HttpConfigClient(refusing, clock=lambda: refusing.now)  # type: ignore[arg-type]
    (failed,) = client.record(
        [[FeedbackEvent("m", TOPIC, SesEvent("Open", datetime(2026, 1, 31, tzinfo=UTC)))]]
    )
    assert isinstance(failed, ConfigServiceBusyError)
    assert (refusing.calls, failed.retry_after) == (1, 20)


def test_no_more_messages_wait_than_fit_into_the_next_call() -> None:
    client = HttpConfigClient(None)  # type: ignore[arg-type]  # nobody is called
    assert client._together._room == MAX_WAITING == client._together._limit
