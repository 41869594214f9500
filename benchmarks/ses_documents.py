"""SES's events as they look in production: full mail objects, about 3 KB each, no two alike."""

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
CLINICS = 50
# Of a hundred events: a platform that asks for all three kinds mostly hears of deliveries.
KINDS = ("Delivery", "Bounce", "Complaint")
WEIGHTS = (70, 25, 5)

_BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
_NAMES = ("anna", "boris", "carla", "deniz", "elena", "femi", "grace", "hugo", "ines", "jonas")


def clinic_address(number: int) -> str:
    """Return the sender's address of one of the clinics."""
    return f"noreply@clinic-{number}.example"


def ses_event(number: int) -> tuple[str, datetime]:
    """Return the text of event `number`, and when SES saw it; the same for the same number."""
    chance = random.Random(number)
    at = _BEGIN + timedelta(seconds=number * 7 + chance.random())
    kind = chance.choices(KINDS, WEIGHTS)[0]
    recipient = f"{chance.choice(_NAMES)}.{number}@mailbox-{chance.randrange(40)}.example"
    document = {
        "notificationType": kind,
        kind.lower(): _detail(kind, recipient, at, chance),
        "mail": _mail(chance, recipient, at - timedelta(seconds=chance.randrange(1, 90))),
    }
    return json.dumps(document), at


def iso(at: datetime) -> str:
    """Return `at` as AWS writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _detail(kind: str, recipient: str, at: datetime, chance: random.Random) -> dict[str, Any]:
    server = f"mx{chance.randrange(9)}.{recipient.partition('@')[2]}"
    feedback_id = f"0100{chance.getrandbits(48):012x}-{_uuid(chance)}-000000"
    if kind == "Delivery":
        return {
            "timestamp": iso(at),
            "processingTimeMillis": chance.randrange(300, 9000),
            "recipients": [recipient],
            "smtpResponse": f"250 2.0.0 OK  {chance.getrandbits(40)} {_uuid(chance)} - gsmtp",
            "remoteMtaIp": f"203.0.113.{chance.randrange(256)}",
            "reportingMTA": f"a{chance.randrange(99)}-{chance.randrange(99)}.smtp-out.amazonses.com",
        }
    if kind == "Complaint":
        return {
            "complainedRecipients": [{"emailAddress": recipient}],
            "timestamp": iso(at),
            "feedbackId": feedback_id,
            "complaintSubType": None,
            "userAgent": "Amazon SES Mailbox Feedback/1.0",
            "complaintFeedbackType": "abuse",
            "arrivalDate": iso(at),
        }
    return {**_bounce(chance, recipient, server), "timestamp": iso(at), "feedbackId": feedback_id}


def _bounce(chance: random.Random, recipient: str, server: str) -> dict[str, Any]:
    permanent = chance.random() < 0.7
    status = "5.1.1" if permanent else "4.2.2"
    why = "user unknown" if permanent else "mailbox full, try again later"
    return {
        "bounceType": "Permanent" if permanent else "Transient",
        "bounceSubType": "General" if permanent else "MailboxFull",
        "bouncedRecipients": [
            {
                "emailAddress": recipient,
                "action": "failed",
                "status": status,
                "diagnosticCode": f"smtp; 550 {status} <{recipient}>: {why}, answered {server}",
            }
        ],
        "remoteMtaIp": f"203.0.113.{chance.randrange(256)}",
        "reportingMTA": f"dns; a{chance.randrange(99)}.smtp-out.amazonses.com",
    }


def _mail(chance: random.Random, recipient: str, at: datetime) -> dict[str, Any]:
    source = clinic_address(chance.randrange(CLINICS))
    subject = f"Your appointment {chance.randrange(10**6)} on {at:%d %B} at {at:%H:%M}"
    headers = {
        "Received": f"from app-{chance.randrange(20)}.internal.example (10.0.{chance.randrange(256)}.7) by "
        f"email-smtp.amazonaws.com with SMTP (SimpleEmailService-d-{chance.getrandbits(40):X}); {at:%c}",
        "From": f"Clinic reminders <{source}>",
        "Reply-To": f"reception+{chance.getrandbits(32):08x}@{source.partition('@')[2]}",
        "To": recipient,
        "Subject": subject,
        "Date": f"{at:%a, %d %b %Y %H:%M:%S} +0000",
        "Message-ID": f"<{_uuid(chance)}@{source.partition('@')[2]}>",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="----=_Part_{_uuid(chance)}"',
        "List-Unsubscribe": f"<https://mail.{source.partition('@')[2]}/unsubscribe/{_uuid(chance)}>",
        "X-Campaign": f"appointment-reminder-{at:%Y-%m}-{chance.randrange(400)}",
    }
    common = ("From", "Reply-To", "To", "Subject", "Date", "Message-ID")
    return {
        "timestamp": iso(at),
        "source": source,
        "sourceArn": f"arn:aws:ses:us-east-1:123456789012:identity/{source.partition('@')[2]}",
        "sourceIp": f"198.51.100.{chance.randrange(256)}",
        "callerIdentity": "clinic-mailer",
        "sendingAccountId": "123456789012",
        # SES's own begin with the time in milliseconds.
        "messageId": f"0100{int(at.timestamp() * 1000):012x}-{_uuid(chance)}-000000",
        "destination": [recipient],
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in headers.items()],
        "commonHeaders": {_camel(name): headers[name] for name in common},
        "tags": {
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": ["reminders"],
            "ses:source-ip": [f"198.51.100.{chance.randrange(256)}"],
            "ses:from-domain": [source.partition("@")[2]],
            "ses:caller-identity": ["clinic-mailer"],
            "campaign": [f"reminder-{chance.randrange(400)}"],
        },
    }


def _camel(name: str) -> str:
    first, *rest = name.replace("-ID", "-Id").split("-")
    return first.lower() + "".join(rest)


def _uuid(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
