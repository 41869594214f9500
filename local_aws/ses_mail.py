"""Mail that SES has accepted, read from the call that sent it, for any of the ways to send."""

import base64
import binascii
import email
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default as default_policy
from email.utils import getaddresses, parseaddr

from local_aws.aws_clients import Caller
from local_aws.calls import Call

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class SentMail:
    message_id: str
    caller: Caller
    source: str
    destination: list[str]
    headers: Headers
    configuration_set: str = ""
    tags: dict[str, list[str]] = field(default_factory=dict)
    sent_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def address(self) -> str:
        """The sender's address without a display name."""
        return parseaddr(self.source)[1]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def mail_of_v1(call: Call, message_id: str) -> SentMail:
    """Read SendEmail or SendTemplatedEmail (SES API Reference)."""
    to, cc, bcc = (call.members(f"Destination.{kind}Addresses") for kind in ("To", "Cc", "Bcc"))
    source = call.params.get("Source", "")
    subject = call.params.get("Message.Subject.Data", "")
    return SentMail(
        message_id=message_id,
        caller=call.caller,
        source=source,
        destination=_bare([*to, *cc, *bcc]),
        headers=_headers(source, to, cc, subject, call.members("ReplyToAddresses")),
        configuration_set=call.params.get("ConfigurationSetName", ""),
        tags=_v1_tags(call),
    )


def mail_of_v1_raw(call: Call, message_id: str) -> SentMail:
    """Read SendRawEmail (SES API Reference)."""
    given = SentMail(
        message_id=message_id,
        caller=call.caller,
        source=call.params.get("Source", ""),
        destination=_bare(call.members("Destinations")),
        headers=[],
        configuration_set=call.params.get("ConfigurationSetName", ""),
        tags=_v1_tags(call),
    )
    return _completed(given, call.params.get("RawMessage.Data", ""))


def mail_of_v2(call: Call, message_id: str) -> SentMail:
    """Read SendEmail with simple, raw or template content (SES API v2 Reference)."""
    wanted = call.json
    content, destination = wanted.get("Content") or {}, wanted.get("Destination") or {}
    to, cc, bcc = (destination.get(f"{kind}Addresses") or [] for kind in ("To", "Cc", "Bcc"))
    simple = content.get("Simple") or {}
    source = wanted.get("FromEmailAddress") or ""
    subject = (simple.get("Subject") or {}).get("Data", "")
    headers = _headers(source, to, cc, subject, wanted.get("ReplyToAddresses") or [])
    mail = SentMail(
        message_id=message_id,
        caller=call.caller,
        source=source,
        destination=_bare([*to, *cc, *bcc]),
        headers=headers + [(header["Name"], header["Value"]) for header in simple.get("Headers") or []],
        configuration_set=wanted.get("ConfigurationSetName") or "",
        tags={tag["Name"]: [tag["Value"]] for tag in wanted.get("EmailTags") or []},
    )
    raw = content.get("Raw") or {}
    return _completed(mail, raw.get("Data", "")) if raw else mail


def _completed(given: SentMail, data: str) -> SentMail:
    """Add what a MIME message says; what the call gives wins over its headers.

    Source: SES Developer Guide, "Specifying a configuration set when you send email" (X-SES-* headers).
    """
    mime = _parse_mime(data)
    addressed = [str(value) for name in ("To", "Cc", "Bcc") for value in mime.get_all(name, [])]
    return replace(
        given,
        source=given.source or str(mime.get("From", "")),
        destination=given.destination or _bare(addressed),
        headers=[(name, str(value)) for name, value in mime.items()],
        configuration_set=given.configuration_set or str(mime.get("X-SES-CONFIGURATION-SET", "")),
        tags=given.tags or _header_tags(str(mime.get("X-SES-MESSAGE-TAGS", ""))),
    )


def _parse_mime(data: str) -> EmailMessage:
    try:
        raw = base64.b64decode(data)
    except binascii.Error:
        raw = b""
    message = email.message_from_bytes(raw, policy=default_policy)
    assert isinstance(message, EmailMessage)
    return message


def _headers(source: str, to: list[str], cc: list[str], subject: str, reply_to: list[str]) -> Headers:
    """Return the headers of the message that SES composes."""
    rows = [("From", source), ("Reply-To", ", ".join(reply_to)), ("To", ", ".join(to)), ("Cc", ", ".join(cc))]
    rows += [("Subject", subject), ("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=UTF-8")]
    return [(name, value) for name, value in rows if value]


def _bare(addresses: list[str]) -> list[str]:
    return [address for _, address in getaddresses(addresses) if address]


def _v1_tags(call: Call) -> dict[str, list[str]]:
    tags: dict[str, list[str]] = {}
    while name := call.params.get(f"Tags.member.{len(tags) + 1}.Name"):
        tags[name] = [call.params.get(f"Tags.member.{len(tags) + 1}.Value", "")]
    return tags


def _header_tags(text: str) -> dict[str, list[str]]:
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {name.strip(): [value.strip()] for name, _, value in pairs}
