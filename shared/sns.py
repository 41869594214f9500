"""Amazon SNS's HTTP messages: their shape, and the string that SNS signs. Knows nothing of keys or HTTP.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
"""

import re
from datetime import datetime
from operator import attrgetter
from types import NoneType
from typing import Any

from msgspec import Struct, ValidationError, convert, field
from msgspec.structs import astuple

from shared.errors import ServiceError
from shared.strict_json import NotAnObjectError, read_object

NOTIFICATION = "Notification"
SUBSCRIPTION_CONFIRMATION = "SubscriptionConfirmation"
UNSUBSCRIBE_CONFIRMATION = "UnsubscribeConfirmation"

REGION = r"[a-z]{2}(?:-[a-z]{2,10}){1,3}-[0-9]{1,2}"
TOPIC_ARN = re.compile(
    rf"arn:(?P<partition>aws|aws-cn|aws-us-gov):sns:(?P<region>{REGION}):[0-9]{{12}}:[A-Za-z0-9_-]{{1,256}}(?:\.fifo)?"
)

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_ONE_LINE = re.compile(r"[^\r\n]*")

_ALL = (
    "Message",
    "MessageId",
    "Signature",
    "SignatureVersion",
    "SigningCertURL",
    "Timestamp",
    "TopicArn",
    "Type",
)
_OF_SUBSCRIPTIONS = (*sorted({*_ALL, "SubscribeURL", "Token"}),)
_WANTED = {
    NOTIFICATION: _ALL,
    SUBSCRIPTION_CONFIRMATION: _OF_SUBSCRIPTIONS,
    UNSUBSCRIBE_CONFIRMATION: _OF_SUBSCRIPTIONS,
}


# What stands between two line breaks of the signed string must not hold one itself: else one signature
# would fit several messages. `Message` alone may: the fixed shapes of all that follows keep it unambiguous.
_SHAPES = (
    ("MessageId", attrgetter("message_id"), _UUID, "a UUID"),
    ("Timestamp", attrgetter("timestamp"), _TIMESTAMP, "a time such as 2026-01-31T12:00:00.000Z"),
    ("TopicArn", attrgetter("topic_arn"), TOPIC_ARN, "the ARN of an SNS topic"),
    ("Subject", attrgetter("subject"), _ONE_LINE, "one line"),
    ("SubscribeURL", attrgetter("subscribe_url"), _ONE_LINE, "one line"),
    ("Token", attrgetter("token"), _ONE_LINE, "one line"),
)


class MalformedMessageError(ServiceError):
    """The body is not a message that Amazon SNS would send."""

    code = "not_an_sns_message"
    hint = "Only Amazon SNS posts here, with raw message delivery off."


class SnsFields(Struct, frozen=True, rename="pascal"):
    """The texts of a message that somebody looks at, as SNS posted them."""

    message: str
    message_id: str
    signature: str
    signature_version: str
    signing_cert_url: str = field(name="SigningCertURL")
    timestamp: str
    topic_arn: str
    type: str
    subject: str | None = None
    subscribe_url: str | None = field(default=None, name="SubscribeURL")
    token: str | None = None


class SnsEnvelope(Struct, frozen=True):
    """One message as SNS posted it. Nothing in it is trusted before its signature is verified.

    `region` is the one in its topic's ARN.
    """

    fields: SnsFields
    at: datetime
    region: str

    @property
    def type(self) -> str:
        """SNS's `Type`."""
        return self.fields.type

    @property
    def message_id(self) -> str:
        """SNS's `MessageId`, the same in every delivery of one message."""
        return self.fields.message_id

    @property
    def topic_arn(self) -> str:
        """The topic that the message claims to come from."""
        return self.fields.topic_arn

    @property
    def message(self) -> str:
        """The text that was published: for SES, a JSON document."""
        return self.fields.message


def region_of(topic_arn: str) -> str:
    """Return the region in `topic_arn`, which must have a topic ARN's shape."""
    return topic_arn.split(":")[3]


def parse_envelope(body: bytes) -> SnsEnvelope:
    """Return the envelope in `body`; raise MalformedMessageError, saying why, where it holds none."""
    try:
        document = read_object(body)
    except NotAnObjectError as reason:
        raise MalformedMessageError(str(reason)) from None
    kind = document.get("Type")
    if not isinstance(kind, str) or kind not in _WANTED:
        raise MalformedMessageError(_why_no_type(document))
    if missing := [name for name in _WANTED[kind] if document.get(name) is None]:
        raise MalformedMessageError(f"The message has no {', '.join(missing)}.")
    fields = _texts(document)
    for name, of, shape, description in _SHAPES:
        if (text := of(fields)) is not None and not shape.fullmatch(text):
            raise MalformedMessageError(f"The message's {name} is not {description}.")
    return SnsEnvelope(fields, _time(fields.timestamp), region_of(fields.topic_arn))


def string_to_sign(envelope: SnsEnvelope) -> bytes:
    """Return what SNS signed: name and value of each signed field, a line each, in AWS's fixed order."""
    f, between, end = envelope.fields, "", ""
    if f.type != NOTIFICATION:
        between, end = f"SubscribeURL\n{f.subscribe_url}\n", f"Token\n{f.token}\n"
    elif f.subject is not None:  # it takes part only where there is one
        between = f"Subject\n{f.subject}\n"
    return (
        f"Message\n{f.message}\nMessageId\n{f.message_id}\n{between}Timestamp\n{f.timestamp}\n"
        f"{end}TopicArn\n{f.topic_arn}\nType\n{f.type}\n"
    ).encode()


def _texts(document: dict[str, Any]) -> SnsFields:
    try:
        fields = convert(document, SnsFields)
        "".join(filter(None, astuple(fields))).encode()
    except ValidationError:
        names = sorted(SnsFields.__struct_encode_fields__)
        wrong = [name for name in names if type(document.get(name)) not in {str, NoneType}]
        raise MalformedMessageError(f"Not a text in the message: {', '.join(wrong)}.") from None
    except UnicodeEncodeError:
        raise MalformedMessageError("The message holds half a surrogate pair, which is no text.") from None
    return fields


def _why_no_type(document: dict[str, Any]) -> str:
    if "notificationType" in document or "eventType" in document:
        return (
            "This is SES's event without SNS's envelope: raw message delivery is switched on. "
            "Switch it off in the subscription, since raw messages carry no signature."
        )
    return "The message's Type is none of " + ", ".join(_WANTED) + "."


def _time(timestamp: str) -> datetime:
    try:
        return datetime.fromisoformat(timestamp)  # its Z makes it one in UTC
    except ValueError:
        raise MalformedMessageError("The message's Timestamp is not a time that exists.") from None
