"""What goes wrong with the dead-letter queue."""

import json
from typing import Any

import requests

from breakages.breakage import Breakage
from breakages.loop import Loop
from breakages.of_subscription import set_attribute

_FOUR_DAYS = str(4 * 24 * 3600)
_GREETING = "Successfully validated SNS topic for Amazon SES event publishing."


def _queue(loop: Loop) -> str:
    name = f"{loop.topic_arn.rpartition(':')[2]}-dead-letters"
    return str(loop.aws("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def _set(loop: Loop, **attributes: str) -> None:
    loop.aws("sqs").set_queue_attributes(QueueUrl=_queue(loop), Attributes=attributes)


def _give_up_on_one(loop: Loop) -> None:
    """Put a message into the queue as SNS does, signed and all."""
    asked = {"topicArn": loop.topic_arn, "message": _GREETING}
    sealed: dict[str, Any] = requests.post(f"{loop.aws_url}/_local/sign", json=asked, timeout=10).json()
    loop.aws("sqs").send_message(QueueUrl=_queue(loop), MessageBody=json.dumps(sealed["envelope"]))


BREAKAGES = (
    Breakage(
        "The dead-letter queue is detached from the subscription",
        lambda loop: set_attribute(loop, "RedrivePolicy", ""),
        "dead_letters.attached",
        "no_dead_letter_queue",
        status="warn",
    ),
    Breakage(
        "The dead-letter queue is deleted",
        lambda loop: loop.aws("sqs").delete_queue(QueueUrl=_queue(loop)),
        "dead_letters.attached",
        "dead_letter_queue_missing",
    ),
    Breakage(
        "The dead-letter queue does not admit the topic",
        lambda loop: _set(loop, Policy=""),
        "dead_letters.open",
        "dead_letter_queue_closed",
    ),
    Breakage(
        "The dead-letter queue forgets after four days",
        lambda loop: _set(loop, MessageRetentionPeriod=_FOUR_DAYS),
        "dead_letters.open",
        "dead_letter_queue_forgets",
        status="warn",
    ),
    Breakage(
        "SNS has given up on a message, which waits in the queue",
        _give_up_on_one,
        "dead_letters.depth",
        "dead_letters_waiting",
        status="warn",
    ),
)
