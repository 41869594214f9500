"""Messages that are dealt with together get what each would get alone, and none makes the others wait."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import responses
from flask import Flask
from prometheus_client import REGISTRY
from sns_kit import (
    CERT_URL,
    CLINIC_TOPIC,
    FOREIGN_TOPIC,
    TOPIC,
    FakeConfigService,
    Sns,
    sample,
    subscribe_url,
)
from structlog.testing import capture_logs

from shared.internal_api import RecordResult
from shared.internal_client import InternalCallError
from shared.json_endpoint import ENDPOINTS, JsonEndpoint
from webhook_service.sns_endpoint import MAX_BODY_BYTES, PATH

Make = Callable[[Sns], Any]


def bounce(sns: Sns, **changes: Any) -> dict[str, Any]:
    return sns.notification(sample("event_bounce"), **changes)


def of_held(sns: Sns) -> dict[str, Any]:
    document = sample("event_bounce")
    document["bounce"]["bouncedRecipients"] = [{"emailAddress": "held@example.com"}]
    return sns.notification(document)


# Each with the status that it gets.
AT_ONCE: dict[str, tuple[Make, int]] = {
    "a bounce": (bounce, 200),
    "a complaint": (lambda sns: sns.notification(sample("event_complaint")), 200),
    "a held event": (of_held, 200),
    "a clinic's own topic": (lambda sns: bounce(sns, TopicArn=CLINIC_TOPIC), 200),
    "a notice of SES's": (lambda sns: sns.notification("Successfully validated SNS topic."), 200),
    "an event that cannot be read": (
        lambda sns: sns.notification({"eventType": "Bounce", "mail": {}}),
        200,
    ),
    "a forgery": (lambda sns: bounce(sns) | {"Message": "{}"}, 403),
    "a certificate of somebody else's": (
        lambda sns: bounce(sns, SigningCertURL="https://evil.example/SimpleNotificationService-0.pem"),
        403,
    ),
    "no JSON": (lambda _: b"no", 400),
    "too much": (lambda _: b" " * (MAX_BODY_BYTES + 1), 413),
}
MUST_WAIT: dict[str, tuple[Make, int]] = {
    "a subscription": (lambda sns: sns.confirmation(), 200),
    "the end of one": (lambda sns: sns.confirmation("UnsubscribeConfirmation"), 200),
    "a stranger's topic": (lambda sns: bounce(sns, TopicArn=FOREIGN_TOPIC), 403),
    "another certificate": (
        lambda sns: bounce(sns, SigningCertURL=CERT_URL.replace("0123", "4567")),
        503,
    ),
}


@pytest.fixture
def endpoint(app: Flask, config_service: FakeConfigService) -> JsonEndpoint:
    config_service.answers["held@example.com"] = RecordResult("held")
    return app.extensions[ENDPOINTS][PATH]


def environ(body: Any, number: int = 0) -> dict[str, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "CONTENT_LENGTH": str(len(data)),
        "HTTP_X_REQUEST_ID": f"request-{number}",
        "wsgi.input": io.BytesIO(data),
    }


def together(endpoint: JsonEndpoint, bodies: Sequence[Any]) -> list[Any]:
    answers, end = endpoint.answer_together([environ(body, number) for number, body in enumerate(bodies)])
    end()
    return [answer and (answer.status[:3], json.loads(answer.body)) for answer in answers]


def alone(endpoint: JsonEndpoint, bodies: Sequence[Any]) -> list[Any]:
    answers = [endpoint.answer(environ(body, number))[0] for number, body in enumerate(bodies)]
    return [(answer.status[:3], json.loads(answer.body)) for answer in answers]


@pytest.fixture
def warm(endpoint: JsonEndpoint, sns: Sns, amazon: responses.RequestsMock) -> None:
    """Let the service know SNS's certificate and the clinics' topics, as it does after its first messages."""
    for topic in (TOPIC, CLINIC_TOPIC):
        answer, _ = endpoint.answer(environ(bounce(sns, TopicArn=topic)))
        assert answer.status == "200 OK"


@pytest.mark.usefixtures("warm")
def test_each_message_gets_the_answer_that_it_gets_alone(
    endpoint: JsonEndpoint, sns: Sns, config_service: FakeConfigService
) -> None:
    bodies = [make(sns) for make, _ in AT_ONCE.values()]
    config_service.events.clear()
    found = together(endpoint, bodies)
    assert [answer[0] for answer in found] == [str(status) for _, status in AT_ONCE.values()]
    recorded = list(config_service.events)
    config_service.events.clear()
    assert alone(endpoint, bodies) == found
    assert config_service.events == recorded


@pytest.mark.usefixtures("warm")
@pytest.mark.parametrize(("make", "status"), MUST_WAIT.values(), ids=MUST_WAIT)
def test_who_must_be_asked_about_is_left_untouched_and_the_others_are_answered(
    make: Make,
    status: int,
    endpoint: JsonEndpoint,
    sns: Sns,
    config_service: FakeConfigService,
    amazon: responses.RequestsMock,
) -> None:
    visits, asked = len(amazon.calls), config_service.times_asked_for_topics
    body = make(sns)
    with capture_logs() as logs:
        first, left, last = together(endpoint, [bounce(sns), body, bounce(sns)])
    assert (first[0], left, last[0]) == ("200", None, "200")
    assert (len(amazon.calls), config_service.times_asked_for_topics) == (visits, asked)
    assert [line["event"] for line in logs] == ["request", "request"]
    amazon.get(subscribe_url())
    assert alone(endpoint, [body])[0][0] == str(status)


def test_without_a_certificate_at_hand_no_message_is_answered_together(
    endpoint: JsonEndpoint, sns: Sns, amazon: responses.RequestsMock
) -> None:
    assert together(endpoint, [bounce(sns), bounce(sns)]) == [None, None]
    assert not amazon.calls


@pytest.mark.usefixtures("warm")
def test_every_line_and_count_is_of_its_own_message(
    endpoint: JsonEndpoint, sns: Sns, config_service: FakeConfigService
) -> None:
    bodies = [make(sns) for make, _ in AT_ONCE.values()]

    def refusals() -> float:
        labels = {"code": "bad_signature"}
        return REGISTRY.get_sample_value("sns_messages_refused_total", labels) or 0.0

    before = refusals()
    with capture_logs() as logs:
        found = together(endpoint, bodies)
    lines = [line for line in logs if line["event"] == "request"]
    assert [line["status"] for line in lines] == [int(answer[0]) for answer in found]
    told = {line["messageId"]: line["result"] for line in lines if "result" in line}
    assert told.items() <= {answer[1].get("messageId"): answer[1].get("result") for answer in found}.items()
    assert [answer[1]["requestId"] for answer in found if answer[0] != "200"] == [
        f"request-{number}" for number, answer in enumerate(found) if answer[0] != "200"
    ]
    assert refusals() == before + 1


@pytest.mark.usefixtures("warm")
def test_where_nothing_can_be_recorded_every_message_with_events_is_to_come_again(
    endpoint: JsonEndpoint, sns: Sns, config_service: FakeConfigService
) -> None:
    config_service.failure = InternalCallError("config_service is away.", retry_after=20)
    found = together(endpoint, [bounce(sns), sns.notification("no event"), b"no"])
    assert [answer[0] for answer in found] == ["503", "200", "400"]
