"""One table of messages that are not believed, and the order in which they are looked at."""

import base64
import json
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Flask
from flask.testing import FlaskClient
from sns_kit import CERT_PATH, CLINIC_TOPIC, FOREIGN_TOPIC, FakeConfigService, Post, Sns, sample
from structlog.testing import capture_logs

from shared.internal_client import InternalCallError

NOT_SNS = (400, "not_an_sns_message")
BAD_SIGNATURE = (403, "bad_signature")
BAD_URL = (403, "untrusted_url")

HALF_PAIR = json.loads('"\\ud800"')


def _answer(response: Any) -> tuple[int, str]:
    assert set(response.json) == {"success", "code", "message", "hint", "errors", "requestId"}
    assert response.json["success"] is False
    assert ("Retry-After" in response.headers) == (response.status_code == 503)
    return response.status_code, response.json["code"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        b"not json",
        b"[]",
        b"null",
        b'"Notification"',
        b"{}",
        b"[" * 200_000,
        b'{"a":' * 50_000,
        b'{"Type": ' + b"9" * 5000 + b"}",
        b'{"Type": []}',
        b'{"Type": {}}',
        b'{"Type": null}',
        b'{"Type": "Teleport"}',
        b'{"Type": "Notification", "Type": "Notification"}',
        b'{"Type": "Notification"}',
    ],
    ids=range(17),
)
def test_a_body_that_is_no_sns_message_gets_400(body: bytes, post: Post) -> None:
    assert _answer(post(body)) == NOT_SNS


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"Message": None}, NOT_SNS),
        ({"Message": {"eventType": "Bounce"}}, NOT_SNS),
        ({"Message": HALF_PAIR}, NOT_SNS),
        ({"MessageId": None}, NOT_SNS),
        ({"MessageId": "1"}, NOT_SNS),
        ({"MessageId": 7}, NOT_SNS),
        ({"TopicArn": "arn:aws:sqs:us-east-1:123456789012:ses-events"}, NOT_SNS),
        ({"TopicArn": ["arn"]}, NOT_SNS),
        ({"Timestamp": "yesterday"}, NOT_SNS),
        ({"Timestamp": "2026-02-30T00:00:00.000Z"}, NOT_SNS),
        ({"Timestamp": 1769860800}, NOT_SNS),
        ({"Subject": "two\nlines"}, NOT_SNS),
        ({"Subject": {}}, NOT_SNS),
        ({"Signature": None}, NOT_SNS),
        ({"SignatureVersion": 1}, NOT_SNS),
        ({"SigningCertURL": None}, NOT_SNS),
        ({"Type": "SubscriptionConfirmation"}, NOT_SNS),
        ({"SignatureVersion": "3"}, BAD_SIGNATURE),
        ({"SignatureVersion": ""}, BAD_SIGNATURE),
        ({"SignatureVersion": "2"}, BAD_SIGNATURE),
        ({"Signature": "RkFLRQ=="}, BAD_SIGNATURE),
        ({"Signature": ""}, BAD_SIGNATURE),
        ({"Signature": "not base64!"}, BAD_SIGNATURE),
        ({"Signature": "Grüße"}, BAD_SIGNATURE),
        ({"Signature": "RkFLRQ==="}, BAD_SIGNATURE),
        ({"Message": "another"}, BAD_SIGNATURE),
        ({"MessageId": "00000000-0000-4000-8000-000000000000"}, BAD_SIGNATURE),
        ({"Subject": "another"}, BAD_SIGNATURE),
        ({"Subject": None}, BAD_SIGNATURE),
        ({"Timestamp": "2026-01-31T12:00:01.000Z"}, BAD_SIGNATURE),
        ({"TopicArn": CLINIC_TOPIC}, BAD_SIGNATURE),
        ({"SigningCertURL": "https://evil.example.com" + CERT_PATH}, BAD_URL),
    ],
    ids=str,
)
def test_a_bad_message_gets_its_answer(
    *,
    changes: dict[str, Any],
    answer: tuple[int, str],
    post: Post,
    sns: Sns,
    config_service: FakeConfigService,
    amazon: responses.RequestsMock,
) -> None:
    envelope = sns.notification(sample("event_bounce")) | changes
    assert _answer(post(envelope)) == answer
    assert config_service.events == []


def test_a_signature_with_blanks_or_line_breaks_in_it_is_refused(
    post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    envelope = sns.notification(sample("event_bounce"))
    broken = base64.encodebytes(base64.b64decode(envelope["Signature"])).decode()
    assert _answer(post(envelope | {"Signature": broken})) == BAD_SIGNATURE


def test_the_signature_of_another_key_is_refused(
    post: Post, other_key: RSAPrivateKey, amazon: responses.RequestsMock
) -> None:
    assert _answer(post(Sns(other_key).notification(sample("event_bounce")))) == BAD_SIGNATURE


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_somebody_elses_topic_is_refused_though_its_signature_is_right(
    kind: str, post: Post, sns: Sns, config_service: FakeConfigService, amazon: responses.RequestsMock
) -> None:
    if kind == "Notification":
        envelope = sns.notification(sample("event_complaint"), TopicArn=FOREIGN_TOPIC)
    else:
        envelope = sns.confirmation(kind, TopicArn=FOREIGN_TOPIC)
    assert _answer(post(envelope)) == (403, "unknown_topic")
    assert config_service.events == []
    assert len(amazon.calls) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-amz-sns-message-type": "Notification"}, 200),
        ({"X-AMZ-SNS-TOPIC-ARN": "arn:aws:sns:us-east-1:123456789012:ses-events"}, 200),
        ({"x-amz-sns-rawdelivery": "false"}, 200),
        ({"x-amz-sns-message-type": "SubscriptionConfirmation"}, 400),
        ({"x-amz-sns-message-type": ""}, 400),
        ({"x-amz-sns-topic-arn": FOREIGN_TOPIC}, 400),
        ({"x-amz-sns-message-id": "00000000-0000-4000-8000-000000000000"}, 400),
    ],
    ids=str,
)
def test_headers_must_agree_with_the_body(
    headers: dict[str, str], status: int, post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    response = post(sns.notification(sample("event_bounce")), headers)
    assert response.status_code == status
    assert response.json.get("code", "header_mismatch") == "header_mismatch"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("x-amz-sns-message-type", "Type"),
        ("x-amz-sns-topic-arn", "TopicArn"),
        ("x-amz-sns-message-id", "MessageId"),
    ],
)
def test_the_answer_tells_which_header_differs_from_what(
    header: str, name: str, post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    told = post(sns.notification(sample("event_bounce")), {header: "another"}).json["message"]
    assert told == f"The header {header} differs from the body's {name}."


def test_raw_delivery_is_explained(post: Post) -> None:
    response = post(sample("event_bounce"), {"x-amz-sns-rawdelivery": "true"})
    assert _answer(response) == (400, "raw_delivery")
    assert "Raw message delivery is on" in response.json["message"]
    assert "RawMessageDelivery to false" in response.json["hint"]


def test_raw_delivery_is_explained_without_its_header_too(post: Post) -> None:
    response = post(sample("notification_bounce"))
    assert _answer(response) == NOT_SNS
    assert "raw message delivery is switched on" in response.json["message"]


def test_a_body_that_is_too_large_gets_413(post: Post) -> None:
    assert _answer(post(b" " * (512 * 1024 + 1))) == (413, "request_entity_too_large")


def test_a_body_just_not_too_large_is_looked_at(post: Post) -> None:
    assert _answer(post(b" " * (512 * 1024))) == NOT_SNS


ORDER: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("raw_delivery", {"Type": None}, {"x-amz-sns-rawdelivery": "true"}),
    ("not_an_sns_message", {"Type": None}, {}),
    ("header_mismatch", {}, {"x-amz-sns-message-id": "another"}),
    ("bad_signature", {"SignatureVersion": "9"}, {}),
    ("untrusted_url", {"SigningCertURL": "https://evil.example.com/x.pem"}, {}),
    ("unknown_topic", {"TopicArn": FOREIGN_TOPIC}, {}),
    ("certificate_unavailable", {"Signature": "AAAA"}, {}),
]


@pytest.mark.parametrize("first", range(len(ORDER)), ids=[code for code, _, _ in ORDER])
def test_the_cheapest_check_that_fails_gives_the_answer(
    first: int, post: Post, sns: Sns, network: responses.RequestsMock
) -> None:
    """Each message fails at one check and at all later ones."""
    envelope, headers = sns.notification(sample("event_bounce")), {}
    for _, changes, more in reversed(ORDER[first:]):
        envelope |= changes
        headers |= more
    assert post(envelope, headers).json["code"] == ORDER[first][0]


def test_no_certificate_is_fetched_for_a_stranger(
    post: Post, sns: Sns, network: responses.RequestsMock
) -> None:
    post(sns.notification("x", TopicArn=FOREIGN_TOPIC))
    post(sns.notification("x", SigningCertURL="https://evil.example.com" + CERT_PATH))
    post(sns.notification("x", SignatureVersion="9"))
    assert len(network.calls) == 0


def test_an_unknown_topic_is_503_while_config_service_cannot_be_asked(
    post: Post, sns: Sns, config_service: FakeConfigService, amazon: responses.RequestsMock
) -> None:
    config_service.failure = InternalCallError("config_service did not answer.", retry_after=20)
    envelope = sns.notification(sample("event_bounce"), TopicArn=CLINIC_TOPIC)
    assert _answer(post(envelope)) == (503, "config_service_unavailable")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/api/v1/webhooks/ses", 405), ("POST", "/elsewhere", 404)]
)
def test_other_errors_have_the_same_shape(method: str, path: str, status: int, client: FlaskClient) -> None:
    assert _answer(client.open(path, method=method))[0] == status


def test_a_fault_of_ours_is_500_in_the_same_shape(
    app: Flask, sns: Sns, config_service: FakeConfigService, amazon: responses.RequestsMock
) -> None:
    app.testing = False
    config_service.failure = ZeroDivisionError("jane@example.com")  # type: ignore[assignment]
    response = app.test_client().post("/api/v1/webhooks/ses", json=sns.notification(sample("event_bounce")))
    assert _answer(response) == (500, "internal_server_error")
    assert "jane" not in response.get_data(as_text=True)


def test_refused_messages_are_logged_and_counted_without_their_content(
    post: Post, sns: Sns, client: FlaskClient, amazon: responses.RequestsMock
) -> None:
    envelope = sns.notification("secret words of jane@example.com") | {"Signature": "RkFLRQ=="}
    with capture_logs() as logs:
        post(envelope)
    [line] = [line for line in logs if line.get("code")]
    assert (line["log_level"], line["code"]) == ("warning", "bad_signature")
    for private in ("secret words", "jane", "RkFLRQ"):
        assert private not in str(logs)
    assert 'sns_messages_refused_total{code="bad_signature"}' in client.get("/metrics").get_data(as_text=True)
