"""The tags by which a later run knows what the set-up made: what carries none was there before, and stays."""

import hashlib
from collections.abc import Iterable, Mapping

MADE = "clinic-mail:made-by"
BY_SETUP = "setup"

_SUBSCRIPTION = "clinic-mail:subscription:"
_NOTIFICATION = "clinic-mail:notified-before:"
NOBODY = "nobody"

Tags = Mapping[str, str]


def made(tags: Tags) -> bool:
    """Whether the set-up made what carries these tags."""
    return tags.get(MADE) == BY_SETUP


def subscription_mark(endpoint: str) -> str:
    """Return the key, on the topic, that says that the set-up subscribed `endpoint`.

    A subscription takes no tags of its own, and an endpoint may hold letters that no tag may.
    """
    return _SUBSCRIPTION + hashlib.sha256(endpoint.encode()).hexdigest()[:16]


def notification_mark(kind: str) -> str:
    """Return the key, on an identity, whose value is the topic that heard of `kind` before."""
    return _NOTIFICATION + kind.lower()


def as_list(tags: Tags) -> list[dict[str, str]]:
    """Return tags as SNS and SES write them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def as_mapping(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return SNS's or SES's tags as a mapping."""
    return {tag["Key"]: tag["Value"] for tag in tags}
