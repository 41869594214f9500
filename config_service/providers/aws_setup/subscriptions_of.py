"""Who subscribes to a topic, as SNS lists it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.marks import subscription_mark

_HTTP = ("http", "https")
_DELETED = "Deleted"  # SNS lists it so for a while


@dataclass(frozen=True, slots=True)
class Listed:
    """One subscription; SNS names the ARN only once it is confirmed."""

    protocol: str
    endpoint: str
    arn: str | None


def subscriptions_of(account: AwsAccount, topic_arn: str) -> Iterator[Listed]:
    """Yield the topic's subscriptions, none where there is no topic."""
    sns = account.client("sns")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic_arn)
    try:
        for page in pages:
            for item in page["Subscriptions"]:
                arn = item["SubscriptionArn"]
                if arn != _DELETED:
                    known = arn if arn.startswith("arn:") else None
                    yield Listed(item["Protocol"], item.get("Endpoint", ""), known)
    except sns.exceptions.NotFoundException:
        return


def others_subscribed(account: AwsAccount, topic_arn: str, tags: Mapping[str, str]) -> list[str]:
    """Return the protocols and endpoints that the set-up did not subscribe."""
    return [
        f"{each.protocol} {each.endpoint}"
        for each in subscriptions_of(account, topic_arn)
        if subscription_mark(each.endpoint) not in tags
    ]


def endpoints_of(account: AwsAccount, topic_arn: str) -> list[str]:
    """Return every HTTP endpoint that is subscribed, whoever did it."""
    return [each.endpoint for each in subscriptions_of(account, topic_arn) if each.protocol in _HTTP]
