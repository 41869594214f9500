"""What goes wrong with the webhook's subscription."""

import json

from breakages.breakage import Breakage, Finding, by_the_named_command, doing
from breakages.loop import WEBHOOK_PATH, Loop

_FEW_TRIES = {"healthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 3}}


def subscription_arn(loop: Loop) -> str:
    """Return the ARN of the webhook's subscription."""
    listed = loop.aws("sns").list_subscriptions_by_topic(TopicArn=loop.topic_arn)["Subscriptions"]
    return next(str(each["SubscriptionArn"]) for each in listed if each["Endpoint"] == loop.endpoint)


def set_attribute(loop: Loop, name: str, value: str) -> None:
    """Set an attribute of the webhook's subscription."""
    loop.aws("sns").set_subscription_attributes(
        SubscriptionArn=subscription_arn(loop), AttributeName=name, AttributeValue=value
    )


def _unsubscribe(loop: Loop) -> None:
    loop.aws("sns").unsubscribe(SubscriptionArn=subscription_arn(loop))


def _subscribe(loop: Loop, endpoint: str) -> None:
    loop.aws("sns").subscribe(TopicArn=loop.topic_arn, Protocol="http", Endpoint=endpoint)


def _lead_elsewhere(loop: Loop) -> None:
    _unsubscribe(loop)
    _subscribe(loop, loop.endpoint.replace(WEBHOOK_PATH, "/webhook"))


def _leave_pending(loop: Loop) -> None:
    _unsubscribe(loop)
    loop.stop_webhook()
    _subscribe(loop, loop.endpoint)


def _start_and_ask_again(loop: Loop, finding: Finding) -> str:
    loop.start_webhook()
    return f"webhook_service was started again; {by_the_named_command(loop, finding)}"


BREAKAGES = (
    Breakage(
        "Raw message delivery is switched on",
        lambda loop: set_attribute(loop, "RawMessageDelivery", "true"),
        "subscription.raw",
        "raw_delivery_on",
    ),
    Breakage(
        "The subscription is deleted",
        _unsubscribe,
        "subscription.exists",
        "subscription_missing",
    ),
    Breakage(
        "The subscription leads to a wrong path",
        _lead_elsewhere,
        "subscription.exists",
        "subscription_elsewhere",
    ),
    Breakage(
        "The webhook was away when SNS asked it to confirm",
        _leave_pending,
        "subscription.confirmed",
        "subscription_pending",
        with_it=("webhook.reachable",),
        repair=_start_and_ask_again,
    ),
    Breakage(
        "webhook_service is down",
        lambda loop: loop.stop_webhook(),
        "webhook.reachable",
        "webhook_unreachable",
        status="warn",
        repair=doing("webhook_service was started again", lambda loop: loop.start_webhook()),
    ),
    Breakage(
        "SNS tries three times, and gives up",
        lambda loop: set_attribute(loop, "DeliveryPolicy", json.dumps(_FEW_TRIES)),
        "subscription.retries",
        "retries_short",
        status="warn",
    ),
)
