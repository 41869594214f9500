"""The HTTP subscriptions of a topic, as ministack and (for raw delivery) this gateway know them."""

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local_aws.aws_clients import AwsClients, Caller
from local_aws.relay import HTTP_PROTOCOLS, Relay


@dataclass(frozen=True)
class Subscription:
    arn: str
    topic_arn: str
    endpoint: str
    confirmed: bool = True
    raw: bool = False
    dead_letter_arn: str | None = None
    retries: int | None = None
    retry_delay: float | None = None


class Subscriptions:
    """Looks subscriptions up.

    Raw delivery is kept here: ministack would deliver a bare message, of which no envelope can be made.
    """

    def __init__(self, clients: AwsClients, relay: Relay) -> None:
        self._clients = clients
        self._relay = relay
        self._raw: set[tuple[str, str]] = set()

    def set_raw(self, topic_arn: str, endpoint: str, *, raw: bool) -> None:
        if raw:
            self._raw.add((topic_arn, endpoint))
        else:
            self._raw.discard((topic_arn, endpoint))

    def of_topic(self, topic_arn: str) -> list[Subscription]:
        """Return the confirmed HTTP subscriptions; a botocore ClientError if there is no such topic."""
        listed = self._sns(topic_arn).list_subscriptions_by_topic(TopicArn=topic_arn)["Subscriptions"]
        found = (
            self.by_arn(item["SubscriptionArn"]) for item in listed if item["Protocol"] in HTTP_PROTOCOLS
        )
        return [subscription for subscription in found if subscription and subscription.confirmed]

    def find(self, topic_arn: str, endpoint: str) -> Subscription | None:
        return next((s for s in self.of_topic(topic_arn) if s.endpoint == endpoint), None)

    def arn_of(self, topic_arn: str, endpoint: str) -> str | None:
        """Return the ARN of an HTTP subscription, confirmed or not."""
        listed = self._sns(topic_arn).list_subscriptions_by_topic(TopicArn=topic_arn)["Subscriptions"]
        hidden = self._relay.url(endpoint)
        return next((str(item["SubscriptionArn"]) for item in listed if item["Endpoint"] == hidden), None)

    def by_arn(self, arn: str) -> Subscription | None:
        """Return an HTTP subscription; None if there is none, or it is not ours to deliver."""
        attributes = self._attributes(arn)
        endpoint = self._relay.endpoint(attributes.get("Endpoint", ""))
        if endpoint is None:
            return None
        topic_arn = attributes["TopicArn"]
        policy = _document(attributes, "DeliveryPolicy").get("healthyRetryPolicy") or {}
        return Subscription(
            arn=arn,
            topic_arn=topic_arn,
            endpoint=endpoint,
            confirmed=attributes["PendingConfirmation"] == "false",
            raw=(topic_arn, endpoint) in self._raw,
            dead_letter_arn=_document(attributes, "RedrivePolicy").get("deadLetterTargetArn"),
            retries=policy.get("numRetries"),
            retry_delay=policy.get("minDelayTarget"),
        )

    def signature_version(self, topic_arn: str) -> str:
        """Return the topic's SignatureVersion (SNS API Reference, "SetTopicAttributes").

        It is 1 by default, and for the topics of strangers that a test signs for.
        """
        try:
            attributes = self._sns(topic_arn).get_topic_attributes(TopicArn=topic_arn)["Attributes"]
        except ClientError:
            return "1"
        return str(attributes.get("SignatureVersion") or "1")

    def _attributes(self, arn: str) -> dict[str, str]:
        try:
            answer = self._sns(arn).get_subscription_attributes(SubscriptionArn=arn)
        except (ValueError, ClientError):
            return {}
        return dict(answer["Attributes"])

    def _sns(self, arn: str) -> Any:
        return self._clients.client("sns", Caller.owner_of(arn))


def _document(attributes: dict[str, str], name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(attributes.get(name) or "{}")
    return document
