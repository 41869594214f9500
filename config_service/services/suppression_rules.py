"""What suppresses an address, as pure functions of its history. Knows nothing of storage or clinics.

State is a function of events and manual acts, each at its own time: whatever the order in which they
arrive, and however often, `decide` gives the same answer.
Bounce types: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from config_service.clock import DAY
from shared.ses import SesEvent

PERMANENT = "permanent"
SOFT = "soft"
COMPLAINT = "complaint"
DELIVERY = "delivery"
SUPPRESSING = (PERMANENT, SOFT, COMPLAINT)

REASON_COMPLAINT = "complaint"
REASON_HARD_BOUNCE = "hard_bounce"
REASON_MANUAL = "manual"
REASON_SOFT_BOUNCE = "soft_bounce"
REASONS = (REASON_COMPLAINT, REASON_HARD_BOUNCE, REASON_MANUAL, REASON_SOFT_BOUNCE)  # the weightiest first

REASON_OF = {COMPLAINT: REASON_COMPLAINT, PERMANENT: REASON_HARD_BOUNCE}  # of the effects that decide alone

SOFT_BOUNCE_WINDOW = 30 * DAY
SOFT_BOUNCE_SUPPRESSION = 30 * DAY
# How long a soft bounce or a delivery can matter: the last bounce of a row may be suppressing until now.
SOFT_BOUNCE_MEMORY = SOFT_BOUNCE_WINDOW + SOFT_BOUNCE_SUPPRESSION

# RFC 3463 and the IANA registry: no such mailbox, domain, address syntax, moved, or null MX. 5.1.7 and 5.1.8
# are about the sender, and so not the recipient's fault.
_NO_SUCH_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
_ABOUT_THE_MESSAGE = {"MessageTooLarge", "ContentRejected", "AttachmentRejected"}
NO_COMPLAINT = "not-spam"


class Fact(Struct, frozen=True):
    """One thing that happened to an address: an event's effect, or a person's `add`, `remove` or `erase`."""

    what: str
    at: int
    mail_message_id: str | None = None
    reason: str | None = None


class Verdict(Struct, frozen=True):
    """Why an address is suppressed, since when and, for soft bounces, until when (ms)."""

    reason: str
    since: int
    until: int | None = None


def effect_of(event: SesEvent) -> str:
    """Return what `event` means for its recipient: one of the effects above, or an empty string."""
    if event.recipient is None:
        return ""
    if event.kind == "Complaint":
        return "" if event.sub_type == NO_COMPLAINT else COMPLAINT
    if event.kind == "Delivery":
        return DELIVERY
    return _bounce_effect(event) if event.kind == "Bounce" else ""


def _bounce_effect(event: SesEvent) -> str:
    if event.bounce_type == "Permanent" or event.status in _NO_SUCH_ADDRESS:
        return PERMANENT
    if event.sub_type in _ABOUT_THE_MESSAGE:
        return ""
    if (
        event.bounce_type == "Transient"
        and event.sub_type == "General"
        and not event.status
        and not event.detail
    ):
        return ""  # an out-of-office reply, which proves that the mailbox exists
    return SOFT


def identity_of(event: SesEvent) -> str | None:
    """Return what, with SES's message id and the recipient, makes a second report the same event.

    A transient bounce and a later permanent one of the same message are two: else the second is lost.
    """
    if event.recipient is None or event.mail_message_id is None:
        return None
    if event.kind in {"Bounce", "Complaint", "Delivery"}:
        return f"{event.kind}/{effect_of(event)}"
    return None


def decide(facts: Iterable[Fact], soft_bounce_limit: int) -> Verdict | None:
    """Return why the address with this history is suppressed, or None where it is not.

    Facts at or before the latest removal no longer count. A soft-bounce verdict holds only for a clinic
    whose deliveries are seen, and until its end: both are for the reader of the verdict to check.
    """
    ordered = sorted(facts, key=lambda fact: (fact.at, fact.what, fact.mail_message_id or ""))
    removed = max((fact.at for fact in ordered if fact.what == "remove"), default=-1)
    alive = [fact for fact in ordered if fact.at > removed]
    first: dict[str, int] = {}
    for fact in alive:
        if reason := REASON_OF.get(fact.what) or (fact.reason if fact.what == "add" else None):
            first.setdefault(reason, fact.at)
    for reason in REASONS:
        if reason in first:
            return Verdict(reason, first[reason])
    return _soft_verdict(alive, soft_bounce_limit)


def _soft_verdict(ordered: Sequence[Fact], limit: int) -> Verdict | None:
    """`limit` distinct messages that bounced softly in a row within the window, without a delivery."""
    row: dict[str, int] = {}
    verdict = None
    for fact in ordered:
        if fact.what == DELIVERY:
            row = {}
        elif fact.what == SOFT:
            row = {key: at for key, at in row.items() if at > fact.at - SOFT_BOUNCE_WINDOW}
            row.setdefault(fact.mail_message_id or f"at {fact.at}", fact.at)
            if len(row) >= limit:
                verdict = Verdict(REASON_SOFT_BOUNCE, fact.at, fact.at + SOFT_BOUNCE_SUPPRESSION)
    return verdict
