"""What the repositories take and return. Times are milliseconds since 1970 in UTC."""

from typing import Any

from msgspec import Struct, field


class ClinicRecord(Struct, frozen=True):
    """A clinic's row; `settings` is the whole JSON document as it is stored."""

    id: str
    settings: dict[str, Any]
    name: str | None = None
    external_id: str | None = None
    created_at: int | None = None
    updated_at: int | None = None


class IdentityRecord(Struct, frozen=True):
    """One address or topic that a clinic's settings hold."""

    clinic_id: str
    kind: str
    value: str
    domain: str | None = None


class FeedbackRecord(Struct, frozen=True):
    """One SES event of one recipient; `recipient_hash` is empty where it is about the whole message."""

    sns_message_id: str
    topic_arn: str
    kind: str
    at: int
    received_at: int
    rule: str
    source: str | None = None
    mail_message_id: str | None = None
    clinic_tag: str | None = None
    recipient_hash: str = ""
    recipient_sealed: str | None = None
    bounce_type: str | None = None
    sub_type: str | None = None
    status: str | None = None
    detail_sealed: str | None = None
    id: int | None = None


class EventRecord(FeedbackRecord, frozen=True):
    """An event that has found its clinic or, where `clinic_id` is None, is the platform's."""

    clinic_id: str | None = None
    effect: str = ""
    identity: str | None = None

    @property
    def hash(self) -> str:
        """The hash of its address."""
        return self.recipient_hash


class HeldEventRecord(FeedbackRecord, frozen=True):
    """An event that waits for its clinic; `rule` says why it is held."""

    raw_sealed: str | None = None


class SuppressionRecord(Struct, frozen=True):
    """An address in force on a clinic's list or, where `clinic_id` is None, on everybody's."""

    id: str
    clinic_id: str | None
    address_hash: str
    address_sealed: str | None
    reason: str
    since: int
    until: int | None

    @property
    def hash(self) -> str:
        """The hash of its address."""
        return self.address_hash


class ActRecord(Struct, frozen=True):
    """An address added or removed by a person."""

    clinic_id: str | None
    address_hash: str
    action: str
    at: int
    actor: str
    reason: str | None = None
    note_sealed: str | None = None
    consent: bool = False
    address_sealed: str | None = None

    @property
    def hash(self) -> str:
        """The hash of its address."""
        return self.address_hash


class TestSendRecord(Struct, frozen=True):
    """A test email; `state` is sending, accepted or refused."""

    id: str
    clinic_id: str
    provider: str
    account: str
    source: str
    recipient_hash: str
    recipient_sealed: str | None
    state: str
    created_at: int
    actor: str
    message_id: str | None = None
    code: str | None = None
    accepted_at: int | None = None


class AuditRecord(Struct, frozen=True):
    """Who did what, when, to which clinic and which fields."""

    at: int
    actor: str
    role: str
    request_id: str
    action: str
    clinic_id: str | None = None
    fields: list[str] = field(default_factory=list)
    id: int | None = None
