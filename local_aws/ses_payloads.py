"""The JSON documents that SES publishes, in both spellings.

Sources: SES Developer Guide, "Amazon SNS notification contents for Amazon SES" (`notificationType`) and
"Contents of event data that Amazon SES publishes to Amazon SNS" (`eventType`).
"""

from typing import Any

from local_aws.envelopes import timestamp
from local_aws.ses_mail import SentMail
from local_aws.simulator import Event

_SOURCE_IP = "127.0.0.1"
_OUTGOING_IP = "127.0.2.0"
_CALLER_IDENTITY = "local-developer"
_LISTED_HEADERS = {"from": "From", "replyTo": "Reply-To", "to": "To", "cc": "Cc"}


def notification(
    mail: SentMail, event: Event, identity: str, account: str, *, headers: bool
) -> dict[str, Any]:
    """Return an identity's notification: no tags, and the headers only where the identity asks for them."""
    kind, details = event
    described = _mail(mail, identity, account) | {
        "source": mail.address,
        "sourceIp": _SOURCE_IP,
        "callerIdentity": _CALLER_IDENTITY,
    }
    described |= _header_members(mail) if headers else {}
    return {"notificationType": kind, kind.lower(): details, "mail": described}


def event_record(mail: SentMail, event: Event, identity: str, account: str) -> dict[str, Any]:
    """Return an event as a configuration set publishes it, with the mail's tags."""
    kind, details = event
    tags = {
        "ses:source-ip": [_SOURCE_IP],
        "ses:configuration-set": [mail.configuration_set],
        "ses:from-domain": [mail.domain],
        "ses:caller-identity": [_CALLER_IDENTITY],
    }
    tags |= {"ses:outgoing-ip": [_OUTGOING_IP]} if kind == "Delivery" else {}
    described = _mail(mail, identity, account) | _header_members(mail) | {"tags": tags | mail.tags}
    details = {name: value for name, value in details.items() if name != "remoteMtaIp"}
    return {"eventType": kind, "mail": described, kind.lower(): details}


def _mail(mail: SentMail, identity: str, account: str) -> dict[str, Any]:
    return {
        "timestamp": timestamp(mail.sent_at),
        "source": mail.source,
        "sourceArn": f"arn:aws:ses:{mail.caller.region}:{account}:identity/{identity}",
        "sendingAccountId": account,
        "messageId": mail.message_id,
        "destination": mail.destination,
    }


def _header_members(mail: SentMail) -> dict[str, Any]:
    by_name = {name.lower(): value for name, value in mail.headers}
    common: dict[str, Any] = {
        ours: by_name[theirs.lower()].split(", ")
        for ours, theirs in _LISTED_HEADERS.items()
        if theirs.lower() in by_name
    }
    common["messageId"] = mail.message_id
    common |= {name: by_name[name] for name in ("date", "subject") if name in by_name}
    return {
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in mail.headers],
        "commonHeaders": common,
    }
