"""Amazon SNS's HTTP messages: their shape, and the string that SNS signs. Knows nothing of keys or HTTP.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import ServiceError

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

_OF_ALL = frozenset({
    "Type", "MessageId", "TopicArn", "Message", "Timestamp",
    "SignatureVersion", "Signature", "SigningCertURL",
})  # fmt: skip
_OF_SUBSCRIPTIONS = _OF_ALL | {"SubscribeURL", "Token"}
_WANTED = {
    NOTIFICATION: _OF_ALL,
    SUBSCRIPTION_CONFIRMATION: _OF_SUBSCRIPTIONS,
    UNSUBSCRIBE_CONFIRMATION: _OF_SUBSCRIPTIONS,
}
_READ = (*sorted(_OF_SUBSCRIPTIONS), "Subject")


# What stands between two line breaks of the signed string must not hold one itself: else one signature
# would fit several messages. `Message` alone may: the fixed shapes of all that follows keep it unambiguous.
_SHAPES = {
    "MessageId": (_UUID, "a UUID"),
    "Timestamp": (_TIMESTAMP, "a time such as 2026-01-31T12:00:00.000Z"),
    "TopicArn": (TOPIC_ARN, "the ARN of an SNS topic"),
    "Subject": (_ONE_LINE, "one line"),
    "SubscribeURL": (_ONE_LINE, "one line"),
    "Token": (_ONE_LINE, "one line"),
}


class MalformedMessageError(ServiceError):
    """The body is not a message that Amazon SNS would send."""

    code = "not_an_sns_message"
    hint = "Only Amazon SNS posts here, with raw message delivery off."


@dataclass(frozen=True, slots=True)
class SnsEnvelope:
    """One message as SNS posted it. Nothing in it is trusted before its signature is verified.

    `fields` are its texts by name, `region` is the one in its topic's ARN.
    """

    fields: dict[str, str]
    at: datetime
    region: str

    @property
    def type(self) -> str:
        """SNS's `Type`."""
        return self.fields["Type"]

    @property
    def message_id(self) -> str:
        """SNS's `MessageId`, the same in every delivery of one message."""
        return self.fields["MessageId"]

    @property
    def topic_arn(self) -> str:
        """The topic that the message claims to come from."""
        return self.fields["TopicArn"]

    @property
    def message(self) -> str:
        """The text that was published: for SES, a JSON document."""
        return self.fields["Message"]


def region_of(topic_arn: str) -> str:
    """Return the region in `topic_arn`, which must have a topic ARN's shape."""
    return topic_arn.split(":")[3]


def parse_envelope(body: bytes) -> SnsEnvelope:
    """Return the envelope in `body`; raise MalformedMessageError, saying why, where it holds none."""
    document = _json_object(body)
    kind = document.get("Type")
    if not isinstance(kind, str) or kind not in _WANTED:
        raise MalformedMessageError(_why_no_type(document))
    fields = {name: document[name] for name in _READ if document.get(name) is not None}
    if not _WANTED[kind] <= fields.keys():
        missing = ", ".join(sorted(_WANTED[kind] - fields.keys()))
        raise MalformedMessageError(f"The message has no {missing}.")
    _check_texts(fields)
    for name, (shape, description) in _SHAPES.items():
        if name in fields and not shape.fullmatch(fields[name]):
            raise MalformedMessageError(f"The message's {name} is not {description}.")
    return SnsEnvelope(fields, _time(fields["Timestamp"]), region_of(fields["TopicArn"]))


def string_to_sign(envelope: SnsEnvelope) -> bytes:
    """Return what SNS signed: name and value of each signed field, a line each, in AWS's fixed order."""
    f, between, end = envelope.fields, "", ""
    if f["Type"] != NOTIFICATION:
        between, end = f"SubscribeURL\n{f['SubscribeURL']}\n", f"Token\n{f['Token']}\n"
    elif "Subject" in f:  # it takes part only where there is one
        between = f"Subject\n{f['Subject']}\n"
    return (
        f"Message\n{f['Message']}\nMessageId\n{f['MessageId']}\n{between}Timestamp\n{f['Timestamp']}\n"
        f"{end}TopicArn\n{f['TopicArn']}\nType\n{f['Type']}\n"
    ).encode()


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = _DECODER.decode(body.decode("utf-8"))
    except RecursionError:
        raise MalformedMessageError("The body is nested too deeply.") from None
    except ValueError as error:
        raise MalformedMessageError(f"The body is not JSON in UTF-8: {_reason(error)}") from None
    if not isinstance(document, dict):
        raise MalformedMessageError("The body is not a JSON object.")
    return document


def _check_texts(fields: dict[str, Any]) -> None:
    if not {*map(type, fields.values())} <= {str}:
        wrong = sorted(name for name, value in fields.items() if type(value) is not str)
        raise MalformedMessageError(f"Not a text in the message: {', '.join(wrong)}.")
    try:
        "".join(fields.values()).encode()
    except UnicodeEncodeError:
        raise MalformedMessageError("The message holds half a surrogate pair, which is no text.") from None


def _reason(error: ValueError) -> str:
    # A decoding error's own text quotes the body.
    return "it cannot be decoded." if isinstance(error, UnicodeError) else f"{error.args[0]}."


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
