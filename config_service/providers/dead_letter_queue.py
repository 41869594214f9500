"""An SQS dead-letter queue: what SNS could not deliver waits there, each message as it was to be posted.

For an HTTPS subscription the body is SNS's whole envelope, signature included, and the message attribute
ErrorCode tells why it was given up.
https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from config_service.providers.aws_session import CLIENT_CONFIG, new_session
from shared.errors import ServiceError
from shared.sns import MalformedMessageError, SnsEnvelope, parse_envelope

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HIDDEN = 300  # seconds for which nobody else receives a message: longer than all its tries may take
WAIT = 2  # seconds for a message to turn up: a request that waits asks all of SQS's servers

_REGION = re.compile(r"https://(?:sqs\.)?([a-z0-9-]+)\.(?:queue\.)?amazonaws\.com(?:\.cn)?/")


class DeadLetterQueueError(ServiceError):
    """SQS cannot be used, or refuses."""

    code = "dead_letter_queue_unavailable"
    hint = (
        "Check --queue, --region and the credentials, which need sqs:ReceiveMessage, sqs:DeleteMessage, "
        "sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on the queue."
    )


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that SNS gave up: SQS's id and handle, what was to be posted, and SNS's ErrorCode."""

    id: str
    receipt: str
    body: str
    error_code: str | None = None

    @property
    def envelope(self) -> SnsEnvelope | None:
        """What SNS sent, unverified; None where it is not of SNS's form."""
        try:
            return parse_envelope(self.body.encode())
        except (MalformedMessageError, UnicodeEncodeError):
            return None


class SqsDeadLetterQueue:
    """One queue, read with the credentials of boto3's chain; a message is received for HIDDEN seconds."""

    def __init__(self, url: str, region: str | None) -> None:
        """Take the queue's URL; `region` counts where the URL names none. Nothing is asked yet."""
        self._url = url
        named = _REGION.match(url)
        with _explained():
            self._client = cast(
                "SQSClient",
                new_session().create_client(
                    "sqs", region_name=named[1] if named else region, config=CLIENT_CONFIG
                ),
            )

    def waiting(self) -> int:
        """Return how many messages can be received now, as SQS estimates it."""
        with _explained():
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def receive(self) -> DeadLetter | None:
        """Return a message, which nobody else receives meanwhile, or None where none waits."""
        with _explained():
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=1,
                VisibilityTimeout=HIDDEN,
                WaitTimeSeconds=WAIT,
                MessageAttributeNames=["ErrorCode"],
            )
        for message in answer.get("Messages", []):
            code = message.get("MessageAttributes", {}).get("ErrorCode")
            return DeadLetter(
                message["MessageId"],
                message["ReceiptHandle"],
                message["Body"],
                code.get("StringValue") if code else None,
            )
        return None

    def delete(self, letter: DeadLetter) -> None:
        """Take a message out of the queue for good."""
        with _explained():
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.receipt)

    def put_back(self, letter: DeadLetter) -> None:
        """Let others receive the message at once; one that cannot be shown is shown after HIDDEN seconds."""
        with suppress(ClientError, BotoCoreError):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=letter.receipt, VisibilityTimeout=0
            )


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        raise DeadLetterQueueError(
            f"Amazon SQS refused {error.operation_name}: {said.get('Code')}: {said.get('Message')}"
        ) from None
    except (BotoCoreError, ValueError) as error:  # ValueError: a region or endpoint that makes no URL
        raise DeadLetterQueueError(f"Amazon SQS cannot be asked: {error}.") from None
