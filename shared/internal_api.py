"""The contract between the services: paths, scopes, the auth header and the shape of every body.

A body may gain fields: an older reader passes over what a newer writer adds.
config_service serves it; webhook_service (scope `record`) and the platform's sending services (scope
`send`) call it. `shared.internal_client` is the caller's side.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import asdict

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
TRY_LATER = "try_later"  # nothing is wrong with the event, and nothing was stored of it

CLINIC_ID = r"[A-Za-z0-9_-]{1,256}"  # what the value of an SES message tag can carry


def authorization(token: str) -> dict[str, str]:
    """Return the header with which a caller of the internal API proves who it is."""
    return {"Authorization": f"Bearer {token}"}


def bearer_token(header: str | None) -> str | None:
    """Return the token in an Authorization header, or None where it holds none."""
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


class FeedbackEvent(NamedTuple):
    """One SES event with the SNS message and topic that it came by."""

    sns_message_id: str
    topic_arn: str
    event: SesEvent


class RecordResult(Struct, frozen=True, rename="camel"):
    """What became of one event: a result, and the clinic and the mapping rule that were found."""

    result: str
    clinic_id: str | None = None
    rule: str | None = None
    message: str | None = None


class Topic(Struct, frozen=True, rename="camel"):
    """A per-clinic topic; more than one clinic id means that it identifies none of them."""

    topic_arn: str
    clinic_ids: tuple[str, ...]


class Reason(Struct, frozen=True):
    """Why an address is not to be mailed: a code, whose rule it is (`clinic` or `platform`), since when."""

    code: str
    scope: str
    since: Annotated[datetime, Meta(tz=True)] | None
    hint: str = ""


class AddressCheck(Struct, frozen=True):
    """Whether mail of this clinic would go out to one address, spelt as the caller did, and if not, why."""

    email: str
    suppressed: bool
    reachable: bool
    reasons: tuple[Reason, ...]


class RecordResults(Struct, frozen=True):
    """The answer to a list of events, in their order."""

    results: list[RecordResult]


class Topics(Struct, frozen=True):
    """Every per-clinic topic."""

    topics: list[Topic]


class AddressChecks(Struct, frozen=True):
    """The answer to a list of addresses, in their order."""

    results: list[AddressCheck]


class _EventOnWire(SesEvent, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A FeedbackEvent, flat."""

    sns_message_id: Annotated[str, Meta(min_length=1, max_length=100)]
    topic_arn: Annotated[str, Meta(min_length=1, max_length=400)]


_event_decoder = msgspec.json.Decoder(_EventOnWire)


def encode_event(event: FeedbackEvent) -> Raw:
    """Return one event as it stands in the body that has events recorded."""
    sns_message_id, topic_arn, reported = event
    flat = _EventOnWire(sns_message_id=sns_message_id, topic_arn=topic_arn, **asdict(reported))
    return Raw(msgspec.json.encode(flat))


def events_body(events: Iterable[Raw]) -> bytes:
    """Return the body that has events recorded, each of which `encode_event` has made."""
    return msgspec.json.encode({"events": list(events)})


def decode_event(document: bytes | Raw) -> FeedbackEvent:
    """Return one event of such a body; raise msgspec.DecodeError, naming the field, where it is none."""
    flat = _event_decoder.decode(document)
    event = SesEvent(*[getattr(flat, name) for name in SesEvent.__struct_fields__])
    return FeedbackEvent(flat.sns_message_id, flat.topic_arn, event)
