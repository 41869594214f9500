"""From a message to signed parcels for the courier."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local_aws import envelopes
from local_aws.delivery import Courier, Parcel
from local_aws.envelopes import EnvelopeMaker, Message
from local_aws.subscriptions import Subscription, Subscriptions


@dataclass(frozen=True)
class DeliveryPolicy:
    """How often and how fast SNS tries again, unless the subscription says otherwise."""

    retries: int = 3
    retry_delay: float = 20.0


class Publisher:
    def __init__(
        self, subscriptions: Subscriptions, maker: EnvelopeMaker, courier: Courier, policy: DeliveryPolicy
    ) -> None:
        self._subscriptions = subscriptions
        self._maker = maker
        self._courier = courier
        self._policy = policy

    def publish(self, message: Message, version: str | None = None) -> None:
        """Deliver to every confirmed HTTP subscription of the topic; raise ClientError if there is none."""
        self._deliver(message, self._subscriptions.of_topic(message.topic_arn), version)

    def deliver(self, message: Message, endpoint: str) -> None:
        """Deliver what ministack addressed to one endpoint, unless that has unsubscribed meanwhile."""
        found = self._subscriptions.find(message.topic_arn, endpoint)
        self._deliver(message, [found] if found else [])

    def ask(self, message: Message, subscription: Subscription) -> None:
        """Deliver a confirmation, which goes to endpoints that are not (or no longer) subscribed."""
        self._deliver(message, [subscription])

    def seal(self, message: Message, version: str | None = None) -> tuple[envelopes.Envelope, dict[str, str]]:
        """Return envelope and headers without delivering them."""
        version = version or self._subscriptions.signature_version(message.topic_arn)
        arn = f"{message.topic_arn}:00000000-0000-0000-0000-000000000000"
        return self._maker.seal(message, arn, version), envelopes.headers(message, arn)

    def _deliver(
        self, message: Message, subscriptions: Iterable[Subscription], version: str | None = None
    ) -> None:
        version = version or self._subscriptions.signature_version(message.topic_arn)
        for subscription in subscriptions:
            envelope = self._maker.seal(message, subscription.arn, version)
            self._courier.dispatch(self._parcel(message, subscription, envelope))

    def _parcel(self, message: Message, subscription: Subscription, envelope: envelopes.Envelope) -> Parcel:
        retries, delay = subscription.retries, subscription.retry_delay
        return Parcel(
            message_id=message.message_id,
            topic_arn=message.topic_arn,
            endpoint=subscription.endpoint,
            headers=envelopes.headers(message, subscription.arn, raw=subscription.raw),
            body=envelopes.body(envelope, raw=subscription.raw),
            retries=self._policy.retries if retries is None else retries,
            retry_delay=self._policy.retry_delay if delay is None else delay,
            dead_letter_arn=subscription.dead_letter_arn,
        )


def message_of(document: dict[str, Any]) -> Message:
    """Return the message in an envelope that ministack posted."""
    return Message(
        topic_arn=document["TopicArn"],
        text=document["Message"],
        subject=document.get("Subject"),
        attributes=document.get("MessageAttributes", {}),
        message_id=document["MessageId"],
    )
