"""SNS's messages to HTTP endpoints, signed, with the headers that SNS sends.

Shapes: Amazon SNS Developer Guide, "Parsing Amazon SNS message formats".
"""

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_aws.signing import MessageSigner

Envelope = dict[str, Any]
NOTIFICATION = "Notification"
SUBSCRIPTION_CONFIRMATION = "SubscriptionConfirmation"
UNSUBSCRIBE_CONFIRMATION = "UnsubscribeConfirmation"
_CONFIRMATION_TEXTS = {
    SUBSCRIPTION_CONFIRMATION: (
        "You have chosen to subscribe to the topic {topic}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message."
    ),
    UNSUBSCRIBE_CONFIRMATION: (
        "You have chosen to deactivate subscription {subscription}.\n"
        "To cancel this operation and restore the subscription, visit the SubscribeURL included in "
        "this message."
    ),
}


def timestamp(moment: datetime | None = None) -> str:
    """Return a moment (default: now) as AWS writes it, in milliseconds and UTC."""
    moment = moment or datetime.now(UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Message:
    """What somebody published to a topic, or (with a token) what SNS asks of an endpoint."""

    topic_arn: str
    text: str
    subject: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    kind: str = NOTIFICATION
    token: str = ""
    message_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    timestamp: str = field(default_factory=timestamp)


def confirmation(kind: str, topic_arn: str, token: str, subscription_arn: str = "") -> Message:
    text = _CONFIRMATION_TEXTS[kind].format(topic=topic_arn, subscription=subscription_arn)
    return Message(topic_arn, text, kind=kind, token=token)


class EnvelopeMaker:
    def __init__(self, signer: MessageSigner, origin: str) -> None:
        self._signer = signer
        self._origin = origin

    def seal(self, message: Message, subscription_arn: str, version: str) -> Envelope:
        """Return the signed envelope, its fields in the order in which SNS writes them."""
        envelope: Envelope = {"Type": message.kind, "MessageId": message.message_id}
        if message.kind == NOTIFICATION:
            envelope |= {"TopicArn": message.topic_arn}
            envelope |= {"Subject": message.subject} if message.subject else {}
            envelope |= {"Message": message.text}
        else:
            envelope |= {"Token": message.token, "TopicArn": message.topic_arn, "Message": message.text}
            envelope |= {"SubscribeURL": self._subscribe_url(message)}
        envelope |= {"Timestamp": message.timestamp, "SignatureVersion": version}
        envelope |= {"Signature": self._signer.sign(envelope, version)}
        envelope |= {"SigningCertURL": self._origin + self._signer.certificate_path}
        if message.kind == NOTIFICATION:
            envelope |= {
                "UnsubscribeURL": f"{self._origin}/?Action=Unsubscribe&SubscriptionArn={subscription_arn}"
            }
            envelope |= {"MessageAttributes": message.attributes} if message.attributes else {}
        return envelope

    def _subscribe_url(self, message: Message) -> str:
        query = f"Action=ConfirmSubscription&TopicArn={message.topic_arn}&Token={message.token}"
        return f"{self._origin}/?{query}"


def headers(message: Message, subscription_arn: str, *, raw: bool = False) -> dict[str, str]:
    """Return SNS's headers (Developer Guide, "HTTP/HTTPS headers"); a confirmation names no subscription."""
    own = {
        "x-amz-sns-message-type": message.kind,
        "x-amz-sns-message-id": message.message_id,
        "x-amz-sns-topic-arn": message.topic_arn,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    if message.kind != SUBSCRIPTION_CONFIRMATION:
        own["x-amz-sns-subscription-arn"] = subscription_arn
    if raw:
        own["x-amz-sns-rawdelivery"] = "true"
    return own


def body(envelope: Envelope, *, raw: bool = False) -> str:
    """Return what is posted: the envelope indented as SNS indents it, or the bare message."""
    return str(envelope["Message"]) if raw else json.dumps(envelope, indent=2, ensure_ascii=False)
