"""Reads the JSON documents that SES publishes: what somebody asks for, and not the headers of the mail."""

import json
from typing import Any

from msgspec import UNSET, Struct, ValidationError, convert
from msgspec.json import Decoder


class NotSesContentError(Exception):
    """The text is none of SES's events: one of its plain-text notices, or somebody else's message."""


class SesMail(Struct, rename="camel"):
    """What is read of an event's `mail`; nothing but its sender vouches for any of it."""

    message_id: Any = None
    source: Any = None
    tags: Any = None
    timestamp: Any = None


class SesDocument(Struct, rename="camel"):
    """What is read of an event."""

    event_type: Any = UNSET
    notification_type: Any = UNSET
    mail: SesMail | list[Any] | str | int | float | bool | None = None  # an object, in all that SES sends
    bounce: Any = None
    complaint: Any = None
    delivery: Any = None
    delivery_delay: Any = None
    failure: Any = None
    reject: Any = None


_decoder = Decoder(SesDocument)


def read_document(message: str) -> SesDocument:
    """Return the event in `message`; raise NotSesContentError where it is none of SES's."""
    try:
        document = _decoded(message)
    except ValidationError:
        raise NotSesContentError("not a JSON object") from None
    except (ValueError, RecursionError):
        raise NotSesContentError("not JSON") from None
    if document.event_type is UNSET and document.notification_type is UNSET:
        raise NotSesContentError("no eventType and no notificationType")
    if document.notification_type == "AmazonSnsSubscriptionSucceeded":
        raise NotSesContentError("AmazonSnsSubscriptionSucceeded")
    return document


def _decoded(message: str) -> SesDocument:
    try:
        return _decoder.decode(message)
    except (ValueError, RecursionError):
        # What msgspec refuses the standard library may still take: half a surrogate pair, a huge number.
        return convert(json.loads(message), SesDocument)
