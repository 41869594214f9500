"""Amazon SES's feedback, read into one event per affected recipient. Knows nothing of clinics or storage.

Two spellings of one thing: `notificationType` from an identity's notifications, `eventType` from a
configuration set's event publishing.
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from shared.addresses import bare_address, normalise
from shared.ses_document import SesDocument, SesMail, read_document
from shared.ses_values import MAX_TEXT, UnreadableError, items, part, text, time

UNREADABLE = "Unreadable"
KNOWN_KINDS = frozenset({
    "Bounce", "Complaint", "Delivery", "Send", "Reject", "Open", "Click", "Rendering Failure",
    "DeliveryDelay", "Subscription", UNREADABLE,
})  # fmt: skip
CLINIC_TAG = "clinic_id"
# Nothing is reported before it happens: one event of the year 9999 would outweigh all that come after it.
CLOCKS_DIFFER = timedelta(days=1)
MAX_KIND = 64  # characters
MAX_MESSAGE_ID = 200  # characters; SES's own have about 60


class SesEvent(Struct, frozen=True, rename="camel", omit_defaults=True):
    """What SES reports of one recipient (or of the whole message, where `recipient` is None).

    `kind` is AWS's word; `at` is SES's own time of the event; `recipient` is spelt as SES spelt it;
    `detail` is what a remote server or SES said for people; `raw` is kept only of what could not be read.
    """

    kind: Annotated[str, Meta(min_length=1, max_length=MAX_KIND)]
    at: Annotated[datetime, Meta(tz=True)]
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
    document = read_document(message)
    kind = text(document.event_type) or text(document.notification_type) or ""
    try:
        common = _common(kind, document, published_at)
        events = _distinct(_KINDS.get(kind, _whole_message)(document, common))
    except (UnreadableError, TypeError, AttributeError, KeyError) as reason:
        return [
            SesEvent(
                UNREADABLE, published_at, sub_type=kind[:MAX_KIND], detail=str(reason)[:MAX_TEXT], raw=message
            )
        ]
    latest = published_at + CLOCKS_DIFFER
    events = [event if event.at <= latest else replace(event, at=latest) for event in events]
    return [replace(event, raw=message) if event.kind == UNREADABLE else event for event in events]


def metric_kind(kind: str) -> str:
    """Return `kind` where AWS has named it, else "other": any text at all may stand in an event's kind."""
    return kind if kind in KNOWN_KINDS else "other"


def _common(kind: str, document: SesDocument, published_at: datetime) -> SesEvent:
    mail = document.mail
    if not kind:
        raise UnreadableError("the event's type is not a text")
    if not isinstance(mail, SesMail):
        raise UnreadableError("the event has no mail object")
    message_id = text(mail.message_id)
    if message_id and len(message_id) > MAX_MESSAGE_ID:
        raise UnreadableError("the event's mail.messageId is too long for one of SES's")
    clinics = mail.tags.get(CLINIC_TAG) if isinstance(mail.tags, dict) else None
    return SesEvent(
        kind=kind[:MAX_KIND],
        at=time(mail.timestamp) or published_at,
        source=normalise(mail.source),
        mail_message_id=message_id,
        clinic_tag=text(clinics[0]) if isinstance(clinics, list) and len(clinics) == 1 else None,
    )


def _bounce(document: SesDocument, common: SesEvent) -> Iterable[SesEvent]:
    bounce = part(document.bounce, "bounce")
    common = replace(
        common,
        at=time(bounce.get("timestamp")) or common.at,
        bounce_type=text(bounce.get("bounceType")),
        sub_type=text(bounce.get("bounceSubType")),
    )
    if common.bounce_type is None:
        raise UnreadableError("the bounce has no bounceType")
    for recipient in items(bounce, "bouncedRecipients"):
        yield _with_diagnosis(_for_recipient(common, recipient), recipient)


def _complaint(document: SesDocument, common: SesEvent) -> Iterable[SesEvent]:
    complaint = part(document.complaint, "complaint")
    feedback = text(complaint.get("complaintFeedbackType"))
    common = replace(
        common,
        at=time(complaint.get("timestamp")) or common.at,
        sub_type=feedback or text(complaint.get("complaintSubType")),
    )
    for recipient in items(complaint, "complainedRecipients"):
        yield _for_recipient(common, recipient)


def _delivery(document: SesDocument, common: SesEvent) -> Iterable[SesEvent]:
    delivery = part(document.delivery, "delivery")
    common = replace(
        common, at=time(delivery.get("timestamp")) or common.at, detail=text(delivery.get("smtpResponse"))
    )
    for recipient in items(delivery, "recipients"):
        yield _for_recipient(common, {"emailAddress": recipient})


def _delivery_delay(document: SesDocument, common: SesEvent) -> Iterable[SesEvent]:
    delay = part(document.delivery_delay, "deliveryDelay")
    common = replace(
        common, at=time(delay.get("timestamp")) or common.at, sub_type=text(delay.get("delayType"))
    )
    for recipient in items(delay, "delayedRecipients"):
        yield _with_diagnosis(_for_recipient(common, recipient), recipient)


def _reject(document: SesDocument, common: SesEvent) -> Iterable[SesEvent]:
    yield replace(common, detail=text(part(document.reject, "reject").get("reason")))


def _rendering_failure(document: SesDocument, common: SesEvent) -> Iterable[SesEvent]:
    failure = document.failure
    reason = failure.get("errorMessage") if isinstance(failure, dict) else None
    yield replace(common, detail=text(reason))


def _whole_message(_: SesDocument, common: SesEvent) -> Iterable[SesEvent]:
    """Send, Open, Click, Subscription and kinds that AWS may add: nothing here is about one mailbox."""
    yield common


_KINDS: dict[str, Callable[[SesDocument, SesEvent], Iterable[SesEvent]]] = {
    "Bounce": _bounce,
    "Complaint": _complaint,
    "Delivery": _delivery,
    "DeliveryDelay": _delivery_delay,
    "Reject": _reject,
    "Rendering Failure": _rendering_failure,
}


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
    return replace(event, status=text(recipient.get("status")), detail=text(recipient.get("diagnosticCode")))


def _distinct(events: Iterable[SesEvent]) -> list[SesEvent]:
    """One event a recipient, and one for all recipients that could not be read."""
    found = list(events)
    return list({normalise(event.recipient): event for event in found}.values()) if len(found) > 1 else found
