"""The contract between the services: paths, scopes, the auth header and the schemas of every body.

config_service serves it; webhook_service (scope `record`) and the platform's sending services (scope
`send`) call it. `shared.internal_client` is the caller's side.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, post_load, validate
from marshmallow import fields as m

from shared.ses import SesEvent

PREFIX = "/internal/v1"
EVENTS = f"{PREFIX}/events"
TOPICS = f"{PREFIX}/topics"
EFFECTIVE_CONFIG = PREFIX + "/clinics/{clinic_id}/effective-config"
SUPPRESSION_CHECK = PREFIX + "/clinics/{clinic_id}/suppressions/check"

SCOPE_RECORD = "record"
SCOPE_SEND = "send"
SCOPES = (SCOPE_RECORD, SCOPE_SEND)

MAX_EVENTS = 500  # in one call
MAX_ADDRESSES = 1000  # in one call

RECORDED = "recorded"
DUPLICATE = "duplicate"
HELD = "held"
IGNORED = "ignored"
CONFIRMED = "confirmed"
REFUSED = "refused"

CLINIC_ID = r"[A-Za-z0-9_-]{1,256}"  # what the value of an SES message tag can carry


def authorization(token: str) -> dict[str, str]:
    """Return the header with which a caller of the internal API proves who it is."""
    return {"Authorization": f"Bearer {token}"}


def bearer_token(header: str | None) -> str | None:
    """Return the token in an Authorization header, or None where it holds none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """One SES event with the SNS message and topic that it came by."""

    sns_message_id: str
    topic_arn: str
    event: SesEvent


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of one event: a result, and the clinic and the mapping rule that were found."""

    result: str
    clinic_id: str | None = None
    rule: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A per-clinic topic; more than one clinic id means that it identifies none of them."""

    topic_arn: str
    clinic_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an address is not to be mailed: a code, whose rule it is (`clinic` or `platform`), since when."""

    code: str
    scope: str
    since: datetime | None
    hint: str


@dataclass(frozen=True, slots=True)
class AddressCheck:
    """Whether mail of this clinic would go out to one address, and if not, why."""

    email: str
    suppressed: bool
    reachable: bool
    reasons: tuple[Reason, ...]


class _Wire(Schema):
    """A body that may gain fields: an older reader passes over what a newer writer adds."""

    class Meta:
        unknown = EXCLUDE


class FeedbackEventSchema(_Wire):
    """A FeedbackEvent, flat and in camelCase."""

    sns_message_id = m.String(required=True, data_key="snsMessageId", validate=validate.Length(1, 100))
    topic_arn = m.String(required=True, data_key="topicArn", validate=validate.Length(1, 400))
    kind = m.String(required=True, validate=validate.Length(1, 64))
    at = m.AwareDateTime(required=True)
    recipient = m.String(allow_none=True)
    source = m.String(allow_none=True)
    mail_message_id = m.String(allow_none=True, data_key="mailMessageId")
    clinic_tag = m.String(allow_none=True, data_key="clinicTag")
    bounce_type = m.String(allow_none=True, data_key="bounceType")
    sub_type = m.String(allow_none=True, data_key="subType")
    status = m.String(allow_none=True)
    detail = m.String(allow_none=True)
    raw = m.String(allow_none=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> FeedbackEvent:
        envelope = {name: data.pop(name) for name in ("sns_message_id", "topic_arn")}
        return FeedbackEvent(**envelope, event=SesEvent(**data))


class RecordResultSchema(_Wire):
    """A RecordResult."""

    result = m.String(required=True)
    clinic_id = m.String(allow_none=True, data_key="clinicId")
    rule = m.String(allow_none=True)
    message = m.String(allow_none=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> RecordResult:
        return RecordResult(**data)


class TopicSchema(_Wire):
    """A Topic."""

    topic_arn = m.String(required=True, data_key="topicArn")
    clinic_ids = m.List(m.String(), required=True, data_key="clinicIds")

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Topic:
        return Topic(data["topic_arn"], tuple(data["clinic_ids"]))


class ReasonSchema(_Wire):
    """A Reason."""

    code = m.String(required=True)
    scope = m.String(required=True)
    since = m.AwareDateTime(allow_none=True)
    hint = m.String()

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Reason:
        return Reason(data["code"], data["scope"], data.get("since"), data.get("hint", ""))


class AddressCheckSchema(_Wire):
    """An AddressCheck; `email` is spelt as the caller spelt it."""

    email = m.String(required=True)
    suppressed = m.Boolean(required=True)
    reachable = m.Boolean(required=True)
    reasons = m.List(m.Nested(ReasonSchema), required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> AddressCheck:
        return AddressCheck(data["email"], data["suppressed"], data["reachable"], tuple(data["reasons"]))


class AddressesSchema(Schema):
    """The addresses that a sending service asks about."""

    addresses = m.List(
        m.String(),
        required=True,
        validate=validate.Length(1, MAX_ADDRESSES),
        metadata={"example": ["jane@example.com"]},
    )


def dump_feedback_event(event: FeedbackEvent) -> dict[str, Any]:
    """Return the wire form of `event`."""
    flat = {field.name: getattr(event.event, field.name) for field in fields(SesEvent)}
    flat |= {"sns_message_id": event.sns_message_id, "topic_arn": event.topic_arn}
    document: dict[str, Any] = _FEEDBACK_EVENT.dump(flat)
    return {name: value for name, value in document.items() if value is not None}


_FEEDBACK_EVENT = FeedbackEventSchema()
