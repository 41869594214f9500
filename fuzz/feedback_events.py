"""Requests to the internal API: what webhook_service sends for AWS's samples, changed somewhere."""

import json
from datetime import UTC, datetime
from random import Random
from typing import Any

from fuzz.exchanges import Request
from fuzz.mutations import as_json, damaged, mutated
from fuzz.sns_messages import CLINIC_TOPIC, SAMPLES, TOPIC
from shared.internal_api import EVENTS, PREFIX, FeedbackEvent, authorization, encode_event, events_body
from shared.ses import parse_ses_message

_SOURCES = (
    "noreply@clinic-1.example",
    "x@clinic-1.example",
    "noreply@healthcare.example",
    "x@nowhere.example",
)
_MESSAGES = ("mail-1", "platform-1", "clinic-1-aws_ses-1")


def _documents() -> list[dict[str, Any]]:
    """Return every sample as it travels between the services."""
    at = datetime(2026, 1, 31, tzinfo=UTC)
    events = [
        FeedbackEvent("sns-1", TOPIC, event)
        for sample in SAMPLES
        for event in parse_ses_message(json.dumps(sample), at)
    ]
    found: list[dict[str, Any]] = json.loads(events_body(map(encode_event, events)))["events"]
    return found


_EVENTS = _documents()


def recording(rng: Random, token: str) -> Request:
    """Return a request that has events recorded, of which some are changed and perhaps the list too."""
    events = [_event(rng) for _ in range(rng.choice((1, 1, 1, 2, 3, 8)))]
    document: Any = {"events": events}
    if rng.random() < 0.1:
        document = mutated(document, rng)
    body = as_json(document, rng)
    headers = {"Content-Type": "application/json", **authorization(token)}
    return Request("POST", EVENTS, damaged(body, rng) if rng.random() < 0.1 else body, headers)


def _event(rng: Random) -> Any:
    event = {
        **rng.choice(_EVENTS),
        "snsMessageId": f"sns-{rng.randrange(10**9)}",
        "topicArn": rng.choice((TOPIC, TOPIC, CLINIC_TOPIC, "arn:aws:sns:us-east-1:999999999999:other")),
        "source": rng.choice(_SOURCES),
    }
    if rng.random() < 0.3:
        event["mailMessageId"] = rng.choice(_MESSAGES)
    if rng.random() < 0.3:
        event["clinicTag"] = rng.choice(("clinic-1", "clinic-2", "nobody"))
    return event if rng.random() < 0.2 else mutated(event, rng)


def asking(rng: Random, token: str) -> Request:
    """Return one of the other requests of the internal API."""
    clinic = rng.choice(("clinic-1", "clinic-2", "nobody", "%00", "%ed%a0%80", "x" * 300, "..%2f.."))
    headers = {"Content-Type": "application/json", **authorization(token)}
    if rng.random() < 0.4:
        path = rng.choice((f"{PREFIX}/clinics/{clinic}/effective-config", f"{PREFIX}/topics"))
        return Request("GET", path, headers=headers)
    document = mutated({"addresses": ["jane@example.com", "Jane <j@example.org>", "no address"]}, rng)
    body = as_json(document, rng)
    body = damaged(body, rng) if rng.random() < 0.2 else body
    return Request("POST", f"{PREFIX}/clinics/{clinic}/suppressions/check", body, headers)
