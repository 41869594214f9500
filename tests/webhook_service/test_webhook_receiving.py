"""What becomes of honest messages."""

import io
import json
from typing import Any

import pytest
import responses
from flask.testing import FlaskClient
from sns_kit import CERT_URL, CLINIC_TOPIC, NOW, TOPIC, FakeConfigService, Post, Sns, sample
from structlog.testing import capture_logs

from shared.internal_api import RecordResult
from shared.internal_client import InternalCallError, InternalRefusedError

pytestmark = pytest.mark.usefixtures("amazon")

WHOLE_MESSAGE = None


@pytest.mark.parametrize(
    ("name", "kind", "recipient"),
    [
        ("event_bounce", "Bounce", "recipient@example.com"),
        ("event_complaint", "Complaint", "recipient@example.com"),
        ("event_delivery", "Delivery", "recipient@example.com"),
        ("event_delivery_delay", "DeliveryDelay", "recipient@example.com"),
        ("event_send", "Send", WHOLE_MESSAGE),
        ("event_reject", "Reject", WHOLE_MESSAGE),
        ("event_open", "Open", WHOLE_MESSAGE),
        ("event_click", "Click", WHOLE_MESSAGE),
        ("event_rendering_failure", "Rendering Failure", WHOLE_MESSAGE),
        ("event_subscription", "Subscription", WHOLE_MESSAGE),
        ("notification_bounce", "Bounce", "jane@example.com"),
        ("notification_complaint", "Complaint", "richard@example.com"),
        ("notification_delivery", "Delivery", "jane@example.com"),
    ],
)
@pytest.mark.parametrize("version", ["1", "2"])
def test_every_sample_of_awss_is_recorded(
    *,
    name: str,
    kind: str,
    recipient: str | None,
    version: str,
    post: Post,
    sns: Sns,
    config_service: FakeConfigService,
) -> None:
    envelope = sns.notification(sample(name), SignatureVersion=version)
    response = post(envelope)
    assert response.status_code == 200
    assert response.json == {"success": True, "result": "recorded", "messageId": envelope["MessageId"]}
    assert config_service.suppressible == [(kind, recipient)]
    [event] = config_service.events
    assert (event.sns_message_id, event.topic_arn) == (envelope["MessageId"], TOPIC)


def test_only_the_recipient_that_bounced_is_recorded(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    document = sample("notification_bounce")
    assert len(document["mail"]["destination"]) == 3
    post(sns.notification(document))
    assert config_service.suppressible == [("Bounce", "jane@example.com")]


def test_every_recipient_that_bounced_is_recorded(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    document = sample("notification_bounce")
    document["bounce"]["bouncedRecipients"].append({"emailAddress": "mary@example.com"})
    post(sns.notification(document))
    assert config_service.suppressible == [("Bounce", "jane@example.com"), ("Bounce", "mary@example.com")]


def test_a_redelivery_is_a_duplicate(post: Post, sns: Sns, config_service: FakeConfigService) -> None:
    envelope = sns.notification(sample("event_bounce"))
    assert [post(envelope).json["result"] for _ in range(3)] == ["recorded", "duplicate", "duplicate"]
    assert len(config_service.events) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"Subject": None},
        {"Subject": ""},
        {"Subject": "Grüße"},
        {"MessageAttributes": {"kind": {"Type": "String", "Value": "x"}}},
        {"UnknownToUs": [1, {"a": None}], "SequenceNumber": "10000000000000003000"},
        {"Token": None, "SubscribeURL": None},
        {"UnsubscribeURL": None},
        {"Timestamp": "2026-01-31T12:00:00Z"},
    ],
    ids=",".join,
)
def test_an_envelope_may_look_so(changes: dict[str, Any], post: Post, sns: Sns) -> None:
    assert post(sns.notification(sample("event_bounce"), **changes)).json["result"] == "recorded"


def test_an_envelope_may_have_no_subject(post: Post, sns: Sns) -> None:
    envelope = sns.notification(sample("event_bounce"), Subject=None)
    del envelope["Subject"]
    assert post(envelope).json["result"] == "recorded"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain; charset=UTF-8",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ],
)
def test_the_content_type_does_not_matter(content_type: str, post: Post, sns: Sns) -> None:
    response = post(sns.notification(sample("event_bounce")), {"Content-Type": content_type})
    assert response.json["result"] == "recorded"


def test_a_body_without_content_length_is_read(client: FlaskClient, sns: Sns) -> None:
    body = json.dumps(sns.notification(sample("event_bounce"))).encode()
    assert _chunked(client, body).json["result"] == "recorded"


def test_a_body_without_content_length_that_is_too_large_gets_413(client: FlaskClient) -> None:
    response = _chunked(client, b" " * (512 * 1024 + 1))
    assert response.status_code == 413
    assert response.json["code"] == "request_entity_too_large"


def _chunked(client: FlaskClient, body: bytes) -> Any:
    return client.post(
        "/api/v1/webhooks/ses",
        input_stream=io.BytesIO(body),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )


class _Endless(io.RawIOBase):
    """A body without an end, of which nobody may read more than a little."""

    def __init__(self) -> None:
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._given += len(buffer)
        assert self._given < 2 * 1024 * 1024, "nobody stops reading"
        return len(buffer)


@pytest.mark.parametrize("length", [{}, {"CONTENT_LENGTH": str(10**9)}], ids=["unknown", "known"])
def test_a_body_that_is_too_large_is_not_read_whole(length: dict[str, str], client: FlaskClient) -> None:
    endless = {"wsgi.input": _Endless(), "wsgi.input_terminated": True}
    response = client.post("/api/v1/webhooks/ses", environ_overrides=endless | length)
    assert response.status_code == 413


def test_sns_largest_message_passes(post: Post, sns: Sns) -> None:
    document = sample("event_bounce") | {"padding": '"' * 100_000}
    assert post(sns.notification(document)).json["result"] == "recorded"


def test_a_two_weeks_old_message_is_recorded(post: Post, sns: Sns) -> None:
    envelope = sns.notification(sample("event_bounce"), Timestamp="2026-01-17T12:00:00.000Z")
    assert post(envelope).json["result"] == "recorded"


def test_a_message_on_a_clinics_topic_is_recorded(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    assert post(sns.notification(sample("event_bounce"), TopicArn=CLINIC_TOPIC)).json["result"] == "recorded"
    assert config_service.events[0].topic_arn == CLINIC_TOPIC


def test_a_message_on_a_contested_topic_is_left_to_config_service(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    config_service.owners[CLINIC_TOPIC] = ("clinic-1", "clinic-2")
    config_service.answers["recipient@example.com"] = RecordResult("held")
    assert post(sns.notification(sample("event_bounce"), TopicArn=CLINIC_TOPIC)).json["result"] == "held"


@pytest.mark.parametrize(
    ("results", "overall"),
    [
        (["recorded", "held"], "held"),
        (["duplicate", "recorded"], "recorded"),
        (["duplicate", "ignored"], "duplicate"),
        (["ignored", "ignored"], "ignored"),
    ],
)
def test_the_result_of_a_message_is_that_of_its_weightiest_event(
    results: list[str], overall: str, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    document = sample("event_bounce")
    addresses = [f"r{number}@example.com" for number in range(len(results))]
    document["bounce"]["bouncedRecipients"] = [{"emailAddress": address} for address in addresses]
    config_service.answers = {
        address: RecordResult(result) for address, result in zip(addresses, results, strict=True)
    }
    assert post(sns.notification(document)).json["result"] == overall


@pytest.mark.parametrize(
    ("result", "code"),
    [
        ("refused", "events_refused"),
        ("a word of the future", "events_refused"),
        ("try_later", "held_events_full"),
    ],
)
def test_an_event_that_is_not_taken_comes_again(
    result: str, code: str, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    config_service.answers["recipient@example.com"] = RecordResult(result, message="bad recipient")
    response = post(sns.notification(sample("event_bounce")))
    assert (response.status_code, response.json["code"]) == (503, code)
    assert response.headers["Retry-After"] == "20"


@pytest.mark.parametrize(
    "failure",
    [
        InternalCallError("config_service did not answer at .*: ConnectTimeout.", retry_after=20),
        InternalRefusedError("Too many events.", code="invalid_request", retry_after=20),
    ],
    ids=["unreachable", "refused"],
)
def test_config_service_failing_is_503(
    failure: Any, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    config_service.failure = failure
    response = post(sns.notification(sample("event_bounce")))
    assert (response.status_code, response.json["code"]) == (503, failure.code)
    assert response.headers["Retry-After"] == "20"
    config_service.failure = None
    assert post(sns.notification(sample("event_bounce"))).json["result"] == "recorded"


NOTICE = "Successfully validated SNS topic for Amazon SES event publishing."
SUCCEEDED = {
    "notificationType": "AmazonSnsSubscriptionSucceeded",
    "message": "You have successfully subscribed your Amazon SNS topic to receive 'Bounce' notifications.",
}


@pytest.mark.parametrize(
    ("message", "level"),
    [
        (NOTICE, "info"),
        (SUCCEEDED, "info"),
        ("Hello, says jane@example.com", "warning"),
        ("", "warning"),
        ("[]", "warning"),
        ("null", "warning"),
        ({"Records": []}, "warning"),
        ("[" * 100_000, "warning"),
        ('{"eventType": ' + "9" * 5000 + "}", "warning"),
    ],
    ids=["notice", "succeeded", "text", "empty", "list", "null", "document", "deep", "huge-number"],
)
def test_what_is_not_an_event_is_ignored(
    message: Any, level: str, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    with capture_logs() as logs:
        assert post(sns.notification(message)).json["result"] == "ignored"
    [line] = [line for line in logs if line.get("result") == "ignored"]
    assert line["log_level"] == level
    assert "jane" not in str(logs)
    assert config_service.events == []


@pytest.mark.parametrize(
    "document",
    [
        {"eventType": "Bounce"},
        {"eventType": "Bounce", "mail": {}},
        {"eventType": "Bounce", "mail": {}, "bounce": {"bounceType": "Permanent", "bouncedRecipients": []}},
        {"eventType": "Bounce", "mail": {}, "bounce": {"bounceType": "Permanent", "bouncedRecipients": [7]}},
        {"notificationType": "Complaint", "mail": [], "complaint": None},
        {"eventType": ["Bounce"], "mail": {}},
        {"eventType": None},
    ],
    ids=str,
)
def test_an_event_that_cannot_be_read_is_kept(
    document: Any, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    assert post(sns.notification(document)).status_code == 200
    [event] = config_service.events
    assert event.event.kind == "Unreadable"
    assert json.loads(event.event.raw) == document


def test_an_unknown_kind_of_event_is_recorded(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    assert post(sns.notification(sample("event_open") | {"eventType": "Teleport"})).status_code == 200
    assert config_service.suppressible == [("Teleport", None)]


def test_the_text_of_an_unknown_kind_is_neither_counted_nor_logged(
    post: Post, sns: Sns, client: FlaskClient, config_service: FakeConfigService
) -> None:
    with capture_logs() as logs:
        post(sns.notification(sample("event_open") | {"eventType": "jane@example.com"}))
        config_service.answers[""] = RecordResult("refused")
        post(sns.notification(sample("event_open") | {"eventType": "jane@example.com"}))
    assert [line["kinds"] for line in logs if "kinds" in line] == [["other"], ["other"]]
    exposed = client.get("/metrics").get_data(as_text=True)
    assert 'ses_events_total{kind="other",result="recorded"}' in exposed
    assert "jane@" not in exposed + str(logs)


def test_unreadable_events_raise_an_alarm(post: Post, sns: Sns, client: FlaskClient) -> None:
    before = _metric(client, "ses_unreadable_events_total")
    post(sns.notification({"eventType": "Bounce"}))
    post(sns.notification(sample("event_bounce")))
    assert _metric(client, "ses_unreadable_events_total") == before + 1


def _metric(client: FlaskClient, name: str) -> float:
    lines = client.get("/metrics").get_data(as_text=True).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_one_line_a_message_is_logged_without_anybodys_address(post: Post, sns: Sns) -> None:
    envelope = sns.notification(sample("event_bounce"))
    with capture_logs() as logs:
        post(envelope)
    [line] = [line for line in logs if line.get("messageId")]
    assert line.pop("ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "route": "/api/v1/webhooks/ses",
        "status": 200,
        "messageId": envelope["MessageId"],
        "topicArn": TOPIC,
        "type": "Notification",
        "kinds": ["Bounce"],
        "result": "recorded",
        "clinicId": "clinic-1",
        "rule": "source",
    }
    for private in ("recipient@example.com", "sender@", "Message sent from", envelope["Signature"]):
        assert private not in str(logs)


def test_events_of_several_clinics_are_logged_with_all_of_them(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    document = sample("event_bounce")
    document["bounce"]["bouncedRecipients"] = [{"emailAddress": "a@x.com"}, {"emailAddress": "b@x.com"}]
    config_service.answers = {
        "a@x.com": RecordResult("recorded", "c1", "tag"),
        "b@x.com": RecordResult("held"),
    }
    with capture_logs() as logs:
        post(sns.notification(document))
    [line] = [line for line in logs if line.get("messageId")]
    assert (line["clinicId"], line["rule"], line["result"]) == ("c1", "tag", "held")
    config_service.answers["b@x.com"] = RecordResult("recorded", "c2", "source")
    with capture_logs() as logs:
        post(sns.notification(document))
    [line] = [line for line in logs if line.get("messageId")]
    assert (line["clinicId"], line["rule"]) == (["c1", "c2"], ["source", "tag"])


def test_the_refusal_of_an_event_is_logged_without_anybodys_address(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    config_service.answers["recipient@example.com"] = RecordResult("refused", message="recipient@example.com")
    with capture_logs() as logs:
        post(sns.notification(sample("event_bounce")))
    assert [line["log_level"] for line in logs if line.get("messageId")] == ["error"]
    assert "recipient@" not in str(logs)


def test_the_time_of_publishing_stands_in_for_a_missing_one(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    post(sns.notification({"eventType": "Open", "mail": {}}))
    assert config_service.events[0].event.at == NOW


def test_the_certificate_is_fetched_once_for_many_messages(
    post: Post, sns: Sns, amazon: responses.RequestsMock
) -> None:
    for _ in range(5):
        post(sns.notification(sample("event_bounce")))
    assert amazon.assert_call_count(CERT_URL, 1)
