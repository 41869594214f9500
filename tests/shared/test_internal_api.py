"""The wire between the services: what one side dumps the other loads, and both may be of different age."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from msgspec import ValidationError
from msgspec.structs import replace

from shared import internal_api as api
from shared.ses import SesEvent

AT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SMALL = api.FeedbackEvent("id-1", "arn:aws:sns:us-east-1:123456789012:t", SesEvent("Open", AT))
FULL = api.FeedbackEvent(
    "id-2",
    "arn:aws:sns:us-east-1:123456789012:t",
    SesEvent(
        "Bounce",
        AT,
        recipient="Jane@example.com",
        source="info@clinic.example",
        mail_message_id="m-1",
        clinic_tag="clinic-1",
        bounce_type="Permanent",
        sub_type="General",
        status="5.1.1",
        detail="no such user",
        raw="{}",
    ),
)


def on_wire(event: api.FeedbackEvent) -> dict[str, Any]:
    (document,) = json.loads(api.events_body([api.encode_event(event)]))["events"]
    found: dict[str, Any] = document
    return found


def read(document: dict[str, Any]) -> api.FeedbackEvent:
    return api.decode_event(json.dumps(document).encode())


@pytest.mark.parametrize("event", [SMALL, FULL], ids=["small", "full"])
def test_an_event_comes_back_as_it_went(event: api.FeedbackEvent) -> None:
    assert read(on_wire(event)) == event


def test_the_wire_is_flat_and_in_camel_case_without_what_is_absent() -> None:
    assert on_wire(SMALL) == {
        "snsMessageId": "id-1",
        "topicArn": "arn:aws:sns:us-east-1:123456789012:t",
        "kind": "Open",
        "at": "2026-01-31T12:00:00Z",
    }
    assert set(on_wire(FULL)) == {
        *("snsMessageId", "topicArn", "kind", "at", "recipient", "source", "mailMessageId", "clinicTag"),
        *("bounceType", "subType", "status", "detail", "raw"),
    }


def test_every_field_of_an_event_has_its_place_on_the_wire() -> None:
    assert len(on_wire(FULL)) == len(SesEvent.__struct_fields__) + 2


def test_times_keep_their_moment_in_any_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    event = SMALL._replace(event=replace(SMALL.event, at=elsewhere))
    assert read(on_wire(event)).event.at == AT


def test_what_a_newer_writer_adds_is_passed_over() -> None:
    assert read(on_wire(SMALL) | {"new": 1}) == SMALL
    assert msgspec.json.decode(b'{"result": "held", "new": 1}', type=api.RecordResult) == api.RecordResult(
        "held"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": None},
        {"kind": ""},
        {"kind": "x" * 65},
        {"at": "2026-01-31T12:00:00"},
        {"at": "yesterday"},
        {"snsMessageId": ""},
        {"topicArn": 7},
        {"recipient": ["a@b.com"]},
    ],
    ids=str,
)
def test_a_wrong_event_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(on_wire(SMALL) | changes)


def test_answers_become_what_they_stand_for() -> None:
    assert msgspec.convert({"topicArn": "arn", "clinicIds": ["a", "b"]}, api.Topic) == api.Topic(
        "arn", ("a", "b")
    )
    check = {
        "email": "jane@example.com",
        "suppressed": True,
        "reachable": False,
        "reasons": [
            {"code": "bounced", "scope": "clinic", "since": "2026-01-31T12:00:00Z", "hint": "Ask."},
            {"code": "manual", "scope": "platform", "since": None},
        ],
    }
    assert msgspec.convert(check, api.AddressCheck) == api.AddressCheck(
        "jane@example.com",
        suppressed=True,
        reachable=False,
        reasons=(api.Reason("bounced", "clinic", AT, "Ask."), api.Reason("manual", "platform", None, "")),
    )


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("Bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("abc", None),
        ("", None),
        (None, None),
    ],
)
def test_a_token_is_found_behind_bearer(header: str | None, token: str | None) -> None:
    assert api.bearer_token(header) == token


def test_the_header_that_is_sent_is_the_one_that_is_read() -> None:
    assert api.bearer_token(api.authorization("abc")["Authorization"]) == "abc"
