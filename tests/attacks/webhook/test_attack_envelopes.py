"""Header against body, and who may speak for which topic."""

from typing import Any

import pytest
import responses
from sns_kit import CLINIC_TOPIC, FOREIGN_TOPIC, TOPIC, FakeConfigService, Post, Sns, sample

from webhook_service.verification import LOOKED_AT

TYPE, ARN, ID, RAW = (
    "x-amz-sns-message-type",
    "x-amz-sns-topic-arn",
    "x-amz-sns-message-id",
    "x-amz-sns-rawdelivery",
)

DISAGREEING: dict[str, dict[str, str]] = {
    "another type": {TYPE: "SubscriptionConfirmation"},
    "no type": {TYPE: ""},
    "a type in lower case": {TYPE: "notification"},
    "two types": {TYPE: "Notification,SubscriptionConfirmation"},
    "the same type twice": {TYPE: "Notification,Notification"},
    "somebody else's topic": {ARN: FOREIGN_TOPIC},
    "a clinic's topic": {ARN: CLINIC_TOPIC},
    "a topic in upper case": {ARN: TOPIC.upper()},
    "a topic of one more letter": {ARN: f"{TOPIC}s"},
    "a subscription": {ARN: f"{TOPIC}:00000000-0000-4000-8000-000000000000"},
    "another message": {ID: "00000000-0000-4000-8000-000000000000"},
    "a message of another spelling": {ID: "{00000000-0000-4000-8000-000000000000}"},
    "raw delivery": {RAW: "true"},
    "raw delivery in upper case": {RAW: "TRUE"},
}


@pytest.mark.parametrize("headers", DISAGREEING.values(), ids=DISAGREEING.keys())
def test_a_header_that_disagrees_stops_a_message_whose_signature_is_right(
    headers: dict[str, str],
    post: Post,
    sns: Sns,
    config_service: FakeConfigService,
    amazon: responses.RequestsMock,
) -> None:
    response = post(sns.notification(sample("event_complaint")), headers)
    assert response.status_code == 400
    assert response.json["code"] in {"header_mismatch", "raw_delivery"}
    assert len(amazon.calls) == 0
    assert config_service.events == []


def test_no_header_makes_up_for_what_the_body_lacks(post: Post, sns: Sns, amazon: Any) -> None:
    envelope = sns.notification(sample("event_complaint"))
    headers = {TYPE: envelope["Type"], ARN: envelope["TopicArn"], ID: envelope["MessageId"]}
    for name in ("Type", "TopicArn", "MessageId"):
        without = {key: value for key, value in envelope.items() if key != name}
        assert post(without, headers).status_code == 400
    assert set(headers) | {RAW} == set(LOOKED_AT)


@pytest.mark.parametrize("kind", ["event_bounce", "event_complaint", "notification_complaint"])
@pytest.mark.parametrize(
    "topic",
    [
        FOREIGN_TOPIC,
        TOPIC.replace("123456789012", "123456789013"),
        TOPIC.replace("us-east-1", "us-west-2"),
        TOPIC + "-2",
        TOPIC[:-1],
        TOPIC.upper().replace("ARN:AWS:SNS:US-EAST-1", "arn:aws:sns:us-east-1"),
        TOPIC.replace("arn:aws:", "arn:aws-cn:"),
    ],
)
def test_only_topics_of_ours_are_believed_and_they_are_compared_whole(
    topic: str, kind: str, post: Post, sns: Sns, config_service: FakeConfigService, amazon: Any
) -> None:
    """Anybody has SNS sign for a topic of their own: forged opt-outs of somebody else's patients."""
    region = topic.split(":")[3]
    url = f"https://sns.{region}.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
    response = post(sns.notification(sample(kind), TopicArn=topic, SigningCertURL=url))
    assert (response.status_code, response.json["code"]) == (403, "unknown_topic")
    assert config_service.events == []
    assert len(amazon.calls) == 0


def test_an_event_says_its_topic_by_the_signed_field_alone(
    post: Post, sns: Sns, config_service: FakeConfigService, amazon: Any
) -> None:
    """What the publisher writes into the message is not whose topic it is."""
    document = sample("event_complaint") | {"TopicArn": CLINIC_TOPIC, "topicArn": CLINIC_TOPIC}
    post(sns.notification(document))
    assert {event.topic_arn for event in config_service.events} == {TOPIC}
