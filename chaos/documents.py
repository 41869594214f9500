"""SES's documents about one mail, in both of its spellings.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

NOTIFICATION = "notificationType"  # an identity's notifications
EVENT = "eventType"  # a configuration set's event publishing

DELIVERED = "delivered"
OPENED = "opened"
PERMANENT = "permanent"
NO_SUCH_MAILBOX = "no such mailbox"  # transient by its type, permanent by its status
SOFT = "soft"
TOO_LARGE = "too large"
AWAY = "away"
COMPLAINED = "complained"
NOT_SPAM = "not spam"

_BOUNCES: dict[str, tuple[str, str, str | None]] = {
    PERMANENT: ("Permanent", "General", "5.1.1"),
    NO_SUCH_MAILBOX: ("Transient", "General", "5.1.10"),
    SOFT: ("Transient", "MailboxFull", "4.2.2"),
    TOO_LARGE: ("Transient", "MessageTooLarge", "5.3.4"),
    AWAY: ("Transient", "General", None),
}
_FEEDBACK = {COMPLAINED: "abuse", NOT_SPAM: "not-spam"}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that somebody sent, and what became of it."""

    message_id: str
    source: str
    recipients: tuple[str, ...]
    fate: str
    at: datetime


def document(mail: Mail, spelling: str) -> str:
    """Return what SES publishes about a mail."""
    kind, detail = _kind_and_detail(mail)
    whole: dict[str, Any] = {
        spelling: kind,
        "mail": {
            "timestamp": iso(mail.at),
            "source": mail.source,
            "sendingAccountId": "123456789012",
            "messageId": mail.message_id,
            "destination": list(mail.recipients),
            "headersTruncated": False,
            "headers": [{"name": "Subject", "value": "Your appointment"}],
            "commonHeaders": {"from": [mail.source], "subject": "Your appointment"},
        },
        kind.lower(): {**detail, "timestamp": iso(mail.at)},
    }
    if spelling == EVENT:
        whole["mail"]["tags"] = {"ses:configuration-set": ["reminders"], "campaign": ["reminder-7"]}
    return json.dumps(whole)


def iso(at: datetime) -> str:
    """Return `at` as AWS writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _kind_and_detail(mail: Mail) -> tuple[str, dict[str, Any]]:
    if mail.fate == DELIVERED:
        return "Delivery", {"recipients": list(mail.recipients), "smtpResponse": "250 2.0.0 OK"}
    if mail.fate == OPENED:
        return "Open", {"ipAddress": "192.0.2.7", "userAgent": "Mozilla/5.0"}
    if mail.fate in _FEEDBACK:
        complained = [{"emailAddress": each} for each in mail.recipients]
        return "Complaint", {
            "complainedRecipients": complained,
            "complaintFeedbackType": _FEEDBACK[mail.fate],
        }
    bounce_type, sub_type, status = _BOUNCES[mail.fate]
    bounced = [_bounced(each, status) for each in mail.recipients]
    return "Bounce", {"bounceType": bounce_type, "bounceSubType": sub_type, "bouncedRecipients": bounced}


def _bounced(recipient: str, status: str | None) -> dict[str, str]:
    if status is None:  # an out-of-office reply comes with neither
        return {"emailAddress": recipient}
    return {
        "emailAddress": recipient,
        "action": "failed",
        "status": status,
        "diagnosticCode": f"smtp; 550 {status} refused",
    }
