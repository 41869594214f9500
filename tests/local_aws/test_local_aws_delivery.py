"""Retries and dead letters, by the rules of SNS."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from local_aws_live import Receiver, Stack

DeadLetters = tuple[str, Callable[[], Any]]

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def dead_letters(stack: Stack) -> DeadLetters:
    """A queue for dead letters: its ARN, and a function that receives one."""
    sqs = stack.client("sqs")
    queue = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    sqs.purge_queue(QueueUrl=queue)
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def receive() -> Any:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MessageAttributeNames=["All"])
        return answer["Messages"][0]

    return arn, receive


@pytest.mark.parametrize("code", [503, 500, 429])
def test_a_temporary_refusal_is_tried_again_until_it_succeeds(
    stack: Stack, topic: str, heard: Receiver, code: int
) -> None:
    heard.script = [code, code]
    message_id = stack.publish(topic)
    entry = stack.delivery(message_id, "delivered")
    assert entry["attempts"] == 3
    assert (entry["lastStatusCode"], entry["lastBody"]) == (200, "seen")
    assert (entry["topicArn"], entry["endpoint"]) == (topic, heard.url)
    texts = {post.text for post in heard.of_kind("Notification")}
    assert len(texts) == 1, "every try posts the same bytes"


@pytest.mark.parametrize("code", [400, 403, 404, 302])
def test_a_permanent_refusal_is_never_tried_again(
    stack: Stack, topic: str, heard: Receiver, code: int
) -> None:
    heard.script = [code]
    entry = stack.delivery(stack.publish(topic), "dropped")
    assert (entry["attempts"], entry["lastStatusCode"]) == (1, code)


def test_after_the_last_try_the_message_is_dropped(stack: Stack, topic: str, heard: Receiver) -> None:
    heard.script = [503] * 9
    entry = stack.delivery(stack.publish(topic), "dropped")
    assert (entry["attempts"], entry["lastStatusCode"]) == (4, 503)


def test_the_subscriptions_delivery_policy_wins(stack: Stack, topic: str, receiver: Receiver) -> None:
    policy = {"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 0, "maxDelayTarget": 0}}
    stack.subscribe(topic, receiver, DeliveryPolicy=json.dumps(policy))
    receiver.script = [503] * 9
    assert stack.delivery(stack.publish(topic), "dropped")["attempts"] == 2


def test_what_nobody_takes_goes_to_the_dead_letter_queue(
    stack: Stack, topic: str, receiver: Receiver, dead_letters: DeadLetters
) -> None:
    arn, receive = dead_letters
    stack.subscribe(topic, receiver, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn}))
    receiver.script = [503] * 4
    message_id = stack.publish(topic, subject="lost")
    assert stack.delivery(message_id, "dead_lettered")["attempts"] == 4
    letter = receive()
    assert json.loads(letter["Body"]) == receiver.wait()[0].envelope
    assert letter["MessageAttributes"]["ErrorCode"]["StringValue"] == "503"


def test_a_permanent_refusal_goes_to_the_dead_letter_queue_at_once(
    stack: Stack, topic: str, receiver: Receiver, dead_letters: DeadLetters
) -> None:
    arn, receive = dead_letters
    subscription = stack.subscribe(topic, receiver)
    stack.client("sns").set_subscription_attributes(
        SubscriptionArn=subscription,
        AttributeName="RedrivePolicy",
        AttributeValue=json.dumps({"deadLetterTargetArn": arn}),
    )
    receiver.script = [403]
    message_id = stack.publish(topic)
    assert stack.delivery(message_id, "dead_lettered")["attempts"] == 1
    assert json.loads(receive()["Body"])["MessageId"] == message_id


def test_an_unreachable_endpoint_is_tried_again(
    stack: Stack, topic: str, receiver: Receiver, dead_letters: DeadLetters
) -> None:
    arn, receive = dead_letters
    stack.subscribe(topic, receiver, RedrivePolicy=json.dumps({"deadLetterTargetArn": arn}))
    receiver.close()
    entry = stack.delivery(stack.publish(topic), "dead_lettered")
    assert (entry["attempts"], entry["lastStatusCode"]) == (4, None)
    assert receive()["MessageAttributes"]["ErrorCode"]["StringValue"] == "ConnectionError"


def test_a_missing_dead_letter_queue_loses_the_message(stack: Stack, topic: str, receiver: Receiver) -> None:
    gone = json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:gone"})
    stack.subscribe(topic, receiver, RedrivePolicy=gone)
    receiver.script = [403]
    assert stack.delivery(stack.publish(topic), "dropped")["attempts"] == 1


def test_a_waiting_retry_holds_nobody_up(stack: Stack, topic: str, receiver: Receiver) -> None:
    policy = {"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 3600}}
    stack.subscribe(topic, receiver, DeliveryPolicy=json.dumps(policy))
    receiver.script = [503] * 50
    for _ in range(50):
        stack.publish(topic)
    receiver.wait(50)
    assert stack.delivery(stack.publish(topic), "delivered")["attempts"] == 1
