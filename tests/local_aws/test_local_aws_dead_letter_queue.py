"""What config_service replays is what SNS puts into a dead-letter queue, over HTTP."""

import json
import uuid

import pytest
from local_aws_live import Receiver, Stack, eventually

from config_service.providers import dead_letter_queue
from config_service.providers.dead_letter_queue import SqsDeadLetterQueue

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def queue_url(stack: Stack) -> str:
    return stack.client("sqs").create_queue(QueueName=f"letters-{uuid.uuid4().hex[:8]}")["QueueUrl"]


@pytest.fixture
def queue(stack: Stack, queue_url: str, monkeypatch: pytest.MonkeyPatch) -> SqsDeadLetterQueue:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.origin)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "123456789012")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setattr(dead_letter_queue, "WAIT", 0)
    return SqsDeadLetterQueue(queue_url, "us-east-1")


def test_a_letter_is_what_sns_posted_until_it_is_deleted(
    stack: Stack, topic: str, receiver: Receiver, queue: SqsDeadLetterQueue, queue_url: str
) -> None:
    arn = stack.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    redrive = json.dumps({"deadLetterTargetArn": arn["Attributes"]["QueueArn"]})
    stack.subscribe(topic, receiver, RedrivePolicy=redrive)
    receiver.script = [403]
    message_id = stack.publish(topic, message="Grüße", subject="lost")
    stack.delivery(message_id, "dead_lettered")
    assert eventually(queue.waiting) == 1

    letter = queue.receive()

    assert letter is not None
    assert letter.body == receiver.wait()[0].text
    assert letter.error_code == "403"
    assert letter.envelope is not None
    assert (letter.envelope.message_id, letter.envelope.topic_arn) == (message_id, topic)
    assert (queue.receive(), queue.waiting()) == (None, 0)  # nobody gets it meanwhile
    queue.put_back(letter)
    again = eventually(queue.receive)
    assert (again.id, again.body) == (letter.id, letter.body)
    queue.delete(again)
    queue.put_back(again)  # of what is gone: no error
    assert (queue.receive(), queue.waiting()) == (None, 0)
