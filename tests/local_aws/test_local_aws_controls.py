"""The controls under `/_local/`, and the proxy's answer when ministack is gone."""

from typing import Any

import pytest
import requests
from local_aws_live import Receiver, Stack

from local_aws.calls import Call, MinistackGateway

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def test_publish_takes_every_field_of_a_message(stack: Stack, topic: str, heard: Receiver) -> None:
    stack.publish(
        topic,
        message="text",
        subject="about",
        signatureVersion="2",
        messageId="id-1",
        timestamp="2026-01-01T00:00:00.000Z",
        messageAttributes={"a": {"Type": "String", "Value": "b"}},
    )
    envelope = heard.wait()[0].envelope
    assert [envelope[k] for k in ("Message", "Subject", "SignatureVersion", "MessageId", "Timestamp")] == [
        "text",
        "about",
        "2",
        "id-1",
        "2026-01-01T00:00:00.000Z",
    ]
    assert envelope["MessageAttributes"] == {"a": {"Type": "String", "Value": "b"}}


def test_sign_answers_envelope_and_headers_and_delivers_nothing(
    stack: Stack, topic: str, heard: Receiver
) -> None:
    answer = stack.post("sign", {"topicArn": topic, "message": "m"}).json()
    assert list(answer["envelope"]) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
    ]
    assert answer["headers"]["x-amz-sns-message-id"] == answer["envelope"]["MessageId"]
    assert heard.of_kind("Notification") == []


def test_sign_makes_confirmations_and_messages_of_foreign_topics(stack: Stack) -> None:
    foreign = "arn:aws:sns:us-east-1:999999999999:foreign"
    wanted = {"topicArn": foreign, "message": "m", "type": "SubscriptionConfirmation", "token": "t"}
    envelope = stack.post("sign", wanted | {"signatureVersion": "2"}).json()["envelope"]
    assert (
        envelope["SubscribeURL"] == f"{stack.origin}/?Action=ConfirmSubscription&TopicArn={foreign}&Token=t"
    )


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"message": "m"},
        {"topicArn": "t", "message": "m", "signatureVersion": "3"},
        {"topicArn": "no arn", "message": "m"},
    ],
)
def test_a_bad_request_is_explained(stack: Stack, document: Any) -> None:
    answer = stack.post("publish", document)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_publishing_to_an_unknown_topic_says_so(stack: Stack) -> None:
    answer = stack.post("publish", {"topicArn": "arn:aws:sns:us-east-1:123456789012:none", "message": "m"})
    assert answer.status_code == 404
    assert "does not exist" in answer.json()["message"]


def test_deliveries_come_newest_first(stack: Stack, topic: str, heard: Receiver) -> None:
    first, second = stack.publish(topic), stack.publish(topic)
    stack.delivery(second, "delivered")
    ids = [each["messageId"] for each in stack.deliveries()]
    assert ids.index(second) < ids.index(first)


def test_mail_is_what_ministack_holds(stack: Stack) -> None:
    stack.client("ses").verify_email_identity(EmailAddress="mail@controls.example")
    sent = stack.client("sesv2").send_email(
        FromEmailAddress="mail@controls.example",
        Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "hi"}, "Body": {"Text": {"Data": "there"}}}},
    )
    assert sent["MessageId"] in requests.get(f"{stack.origin}/_local/mail", timeout=5).text


def test_healthz_is_green_while_ministack_answers(stack: Stack) -> None:
    assert requests.get(f"{stack.origin}/_local/healthz", timeout=5).json() == {"ok": True}


def test_a_silent_ministack_is_an_aws_error() -> None:
    answer = MinistackGateway("http://127.0.0.1:1").forward(Call("GET", "/"))
    assert answer.status == 503
    assert "ministack does not answer" in answer.text


def test_other_services_pass_unchanged(stack: Stack) -> None:
    s3 = stack.client("s3")
    s3.create_bucket(Bucket="a-bucket")
    s3.put_object(Bucket="a-bucket", Key="a//b c+ü", Body=b"\x00\xff")
    assert s3.get_object(Bucket="a-bucket", Key="a//b c+ü")["Body"].read() == b"\x00\xff"
