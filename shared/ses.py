"""Amazon SES's feedback, read into one event per affected recipient. Knows nothing of clinics or storage.

Two spellings of one thing: `notificationType` from an identity's notifications, `eventType` from a
configuration set's event publishing.
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from shared.addresses import bare_address, normalise

UNREADABLE = "Unreadable"
CLINIC_TAG = "clinic_id"
MAX_TEXT = 1000  # characters kept of a remote server's explanation


class NotSesContentError(Exception):
    """The text is none of SES's events: one of its plain-text notices, or somebody else's message."""


class _UnreadableError(Exception):
    """The text is an SES event that lacks what its kind must have."""


@dataclass(frozen=True, slots=True)
class SesEvent:
    """What SES reports of one recipient (or of the whole message, where `recipient` is None).

    `kind` is AWS's word; `at` is SES's own time of the event; `recipient` is spelt as SES spelt it;
    `detail` is what a remote server or SES said for people; `raw` is kept only of what could not be read.
    """

    kind: str
    at: datetime
    recipient: str | None = None
    source: str | None = None
    mail_message_id: str | None = None
    clinic_tag: str | None = None
    bounce_type: str | None = None
    sub_type: str | None = None
    status: str | None = None
    detail: str | None = None
    raw: str | None = None


def parse_ses_message(message: str, published_at: datetime) -> list[SesEvent]:
    """Return the events in `message`, at least one; `published_at` is the time where it names none itself.

    An event that is SES's but cannot be read comes back as one of kind UNREADABLE, with its text: it is
    kept for a person to look at. Raise NotSesContentError where the text is not SES's at all.
    """
    document = _ses_document(message)
    kind = _text(document.get("eventType")) or _text(document.get("notificationType")) or ""
    try:
        common = _common(kind, document, published_at)
        events = _distinct(_KINDS.get(kind, _whole_message)(document, common))
    except (_UnreadableError, TypeError, AttributeError, KeyError) as reason:
        return [
            SesEvent(UNREADABLE, published_at, sub_type=kind[:64], detail=str(reason)[:MAX_TEXT], raw=message)
        ]
    return [replace(event, raw=message) if event.kind == UNREADABLE else event for event in events]


def _ses_document(message: str) -> dict[str, Any]:
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):
        raise NotSesContentError("not JSON") from None
    if not isinstance(document, dict) or not ({"eventType", "notificationType"} & document.keys()):
        raise NotSesContentError("no eventType and no notificationType")
    if document.get("notificationType") == "AmazonSnsSubscriptionSucceeded":
        raise NotSesContentError("AmazonSnsSubscriptionSucceeded")
    return document


def _common(kind: str, document: dict[str, Any], published_at: datetime) -> SesEvent:
    mail = document.get("mail")
    if not kind:
        raise _UnreadableError("the event's type is not a text")
    if not isinstance(mail, dict):
        raise _UnreadableError("the event has no mail object")
    tags = mail.get("tags")
    clinics = tags.get(CLINIC_TAG) if isinstance(tags, dict) else None
    return SesEvent(
        kind=kind[:64],
        at=_time(mail.get("timestamp")) or published_at,
        source=normalise(mail.get("source")),
        mail_message_id=_text(mail.get("messageId")),
        clinic_tag=_text(clinics[0]) if isinstance(clinics, list) and len(clinics) == 1 else None,
    )


def _bounce(document: dict[str, Any], common: SesEvent) -> Iterable[SesEvent]:
    bounce = _part(document, "bounce")
    common = replace(
        common,
        at=_time(bounce.get("timestamp")) or common.at,
        bounce_type=_text(bounce.get("bounceType")),
        sub_type=_text(bounce.get("bounceSubType")),
    )
    if common.bounce_type is None:
        raise _UnreadableError("the bounce has no bounceType")
    for recipient in _list(bounce, "bouncedRecipients"):
        yield _with_diagnosis(_for_recipient(common, recipient), recipient)


def _complaint(document: dict[str, Any], common: SesEvent) -> Iterable[SesEvent]:
    complaint = _part(document, "complaint")
    feedback = _text(complaint.get("complaintFeedbackType"))
    common = replace(
        common,
        at=_time(complaint.get("timestamp")) or common.at,
        sub_type=feedback or _text(complaint.get("complaintSubType")),
    )
    for recipient in _list(complaint, "complainedRecipients"):
        yield _for_recipient(common, recipient)


def _delivery(document: dict[str, Any], common: SesEvent) -> Iterable[SesEvent]:
    delivery = _part(document, "delivery")
    common = replace(
        common, at=_time(delivery.get("timestamp")) or common.at, detail=_text(delivery.get("smtpResponse"))
    )
    for recipient in _list(delivery, "recipients"):
        yield _for_recipient(common, {"emailAddress": recipient})


def _delivery_delay(document: dict[str, Any], common: SesEvent) -> Iterable[SesEvent]:
    delay = _part(document, "deliveryDelay")
    common = replace(
        common, at=_time(delay.get("timestamp")) or common.at, sub_type=_text(delay.get("delayType"))
    )
    for recipient in _list(delay, "delayedRecipients"):
        yield _with_diagnosis(_for_recipient(common, recipient), recipient)


def _reject(document: dict[str, Any], common: SesEvent) -> Iterable[SesEvent]:
    yield replace(common, detail=_text(_part(document, "reject").get("reason")))


def _rendering_failure(document: dict[str, Any], common: SesEvent) -> Iterable[SesEvent]:
    failure = document.get("failure")
    reason = failure.get("errorMessage") if isinstance(failure, dict) else None
    yield replace(common, detail=_text(reason))


def _whole_message(_: dict[str, Any], common: SesEvent) -> Iterable[SesEvent]:
    """Send, Open, Click, Subscription and kinds that AWS may add: nothing here is about one mailbox."""
    yield common


_KINDS: dict[str, Callable[[dict[str, Any], SesEvent], Iterable[SesEvent]]] = {
    "Bounce": _bounce,
    "Complaint": _complaint,
    "Delivery": _delivery,
    "DeliveryDelay": _delivery_delay,
    "Reject": _reject,
    "Rendering Failure": _rendering_failure,
}


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    if not isinstance(part, dict):
        raise _UnreadableError(f"the event has no {name} object")
    return part


def _list(part: dict[str, Any], name: str) -> list[Any]:
    found = part.get(name)
    if not isinstance(found, list) or not found:
        raise _UnreadableError(f"the event has no {name}")
    return found


def _for_recipient(common: SesEvent, recipient: Any) -> SesEvent:
    raw = recipient.get("emailAddress") if isinstance(recipient, dict) else None
    address = bare_address(raw)
    if address is None:
        return replace(
            common, kind=UNREADABLE, sub_type=common.kind, detail="a recipient has no readable address"
        )
    return replace(common, recipient=address)


def _with_diagnosis(event: SesEvent, recipient: dict[str, Any]) -> SesEvent:
    if event.kind == UNREADABLE:
        return event
    return replace(
        event, status=_text(recipient.get("status")), detail=_text(recipient.get("diagnosticCode"))
    )


def _distinct(events: Iterable[SesEvent]) -> list[SesEvent]:
    """One event a recipient, and one for all recipients that could not be read."""
    return list({normalise(event.recipient): event for event in events}.values())


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    # JSON can spell what a database's text cannot hold: a NUL, and half a surrogate pair.
    return value[:MAX_TEXT].replace("\0", "").encode("utf-8", "replace").decode() or None


def _time(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
