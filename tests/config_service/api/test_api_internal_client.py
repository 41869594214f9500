"""The typed client of the internal API against the real application, over a real connection."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.serving import make_server

from config_service.errors import STATUSES
from shared.internal_api import FeedbackEvent, encode_event
from shared.internal_client import InternalCallError, InternalClient, InternalRefusedError
from shared.ses import SesEvent

pytestmark = pytest.mark.enable_socket

SHARED_TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
TOPIC = "arn:aws:sns:us-east-1:123456789012:ses-events-of-c1"
RECORD, SEND = "record-token-of-a-test-0123456789", "send-token-of-a-test-0123456789"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def url(app: Any) -> Iterator[str]:
    """Serve the application on a port of this machine; it keeps connections alive as gunicorn does."""
    server = make_server("127.0.0.1", 0, app)

    def serve() -> None:
        server.serve_forever(poll_interval=0.01)
        app.extensions["config_service"].repositories.database.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client_of(url: str) -> Iterator[Any]:
    clients: list[InternalClient] = []

    def make(token: str) -> InternalClient:
        clients.append(InternalClient(url, token))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def database_away(*_: Any) -> None:
    raise next(kind for kind in STATUSES if kind.__name__ == "StorageUnavailableError")("gone")


def bounce(number: int, recipient: str, source: str = "noreply@clinic-domain.example") -> FeedbackEvent:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    event = SesEvent(
        "Bounce",
        at,
        recipient,
        source,
        f"mail-{number}",
        None,
        "Permanent",
        "General",
        "5.1.1",
        "no such user",
    )
    return FeedbackEvent(f"sns-{number}", SHARED_TOPIC, event)


def test_what_is_recorded_is_found_by_the_next_check(client_of: Any, set_up: Any) -> None:
    set_up("c1", snsTopicArn=TOPIC)
    webhook, sender = client_of(RECORD), client_of(SEND)

    results = webhook.record(
        [
            encode_event(bounce(1, "jane@example.org")),
            encode_event(bounce(2, "x@example.org", "who@stranger.example")),
        ]
    )
    checks = sender.check_addresses("c1", ["Jane@example.org", "john@example.org", "nobody"])

    assert [(found.result, found.clinic_id, found.rule) for found in results] == [
        ("recorded", "c1", "source"),
        ("held", None, "unknown_source"),
    ]
    assert [(found.email, found.suppressed, found.reachable) for found in checks] == [
        ("Jane@example.org", True, False),
        ("john@example.org", False, True),
        ("nobody", False, False),
    ]
    (reason,) = checks[0].reasons
    assert (reason.code, reason.scope, reason.since) == (
        "hard_bounce",
        "clinic",
        datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert reason.hint


def test_topics_come_once_and_then_only_when_they_change(client_of: Any, set_up: Any) -> None:
    set_up("c1", snsTopicArn=TOPIC)
    webhook = client_of(RECORD)

    etag, topics = webhook.topics()
    same = webhook.topics(etag)
    set_up("c1", snsTopicArn=None)
    changed = webhook.topics(etag)

    assert [(topic.topic_arn, topic.clinic_ids) for topic in topics] == [(TOPIC, ("c1",))]
    assert same == (etag, None)
    assert changed[1] == []


def test_the_effective_config_comes_opened(client_of: Any, set_up: Any, ses: Any) -> None:
    set_up("c1")

    config = client_of(SEND).effective_config("c1")

    assert config["email"]["providers"][0]["credentials"] == ses


def test_what_is_refused_and_what_cannot_be_known_are_two_errors(
    client_of: Any, set_up: Any, services: Any, monkeypatch: Any
) -> None:
    set_up("c1")
    sender = client_of(SEND)

    with pytest.raises(InternalRefusedError) as unknown:
        sender.effective_config("nobody")
    with pytest.raises(InternalRefusedError):
        sender.check_addresses("c1", [])
    with pytest.raises(InternalCallError, match="refused the token"):
        sender.topics()
    monkeypatch.setattr(services.repositories.suppressions, "blocking", database_away)
    with pytest.raises(InternalCallError, match="503"):
        sender.check_addresses("c1", ["jane@example.org"])

    assert unknown.value.code == "clinic_not_found"
