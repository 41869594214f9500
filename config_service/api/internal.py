"""The internal API's two halves: what webhook_service records, and what sending services ask."""

import hashlib
import json
from typing import Any

import msgspec
from flask import Blueprint, Response, jsonify, request

from config_service.api.context import principal, services
from config_service.api.internal_bodies import read_addresses, read_events
from config_service.metrics import CREDENTIALS_OPENED, EVENTS
from shared import internal_api as api
from shared.addresses import domain_of, normalise
from shared.ses import metric_kind

SIMULATOR = "simulator.amazonses.com"
MAX_BODY_BYTES = 64 * 1024 * 1024  # 500 unreadable events at their largest come close to it

recording = Blueprint("internal_recording", __name__)
sending = Blueprint("internal_sending", __name__)


@recording.post(api.EVENTS)
def record_events() -> Response:
    """Record up to 500 events and answer for each by itself; 200 only after the commit."""
    request.max_content_length = MAX_BODY_BYTES
    loaded = [_load(document) for document in read_events()]
    events = [event for event in loaded if isinstance(event, api.FeedbackEvent)]
    recorded = iter(services().feedback.record(events) if events else [])
    results = [next(recorded) if isinstance(event, api.FeedbackEvent) else event for event in loaded]
    for event, result in zip(loaded, results, strict=True):
        _count(event, result)
    return _answer(success=True, results=results)


@recording.get(api.TOPICS)
def list_topics() -> Response:
    """Return every per-clinic topic; 304 where the caller's list is still right."""
    owners: dict[str, list[str]] = {}
    for identity in services().repositories.clinics.topics():
        owners.setdefault(identity.value, []).append(identity.clinic_id)
    topics = [api.Topic(arn, tuple(clinics)) for arn, clinics in owners.items()]
    response = _answer(success=True, topics=topics)
    response.set_etag(hashlib.sha256(json.dumps(owners, sort_keys=True).encode()).hexdigest()[:32])
    response.make_conditional(request)
    return response


@sending.get(api.EFFECTIVE_CONFIG.format(clinic_id="<clinic_id>"))
def show_effective_config(clinic_id: str) -> Response:
    """Return what a clinic sends with, opened; each call is audited."""
    config = services().sending_order.effective_config(clinic_id, principal())
    CREDENTIALS_OPENED.inc()
    response = jsonify(success=True, config=config)
    response.headers["Cache-Control"] = "no-store"
    return response


@sending.post(api.SUPPRESSION_CHECK.format(clinic_id="<clinic_id>"))
def check_addresses(clinic_id: str) -> Response:
    """Answer for up to 1,000 addresses whether a clinic would reach each, and if not, why."""
    checks = services().reachability.check(clinic_id, read_addresses())
    return _answer(success=True, results=checks)


def _answer(**document: Any) -> Response:
    return Response(msgspec.json.encode(document), mimetype="application/json")


def _load(document: msgspec.Raw) -> api.FeedbackEvent | api.RecordResult:
    try:
        return api.decode_event(document)
    except msgspec.DecodeError as error:
        return api.RecordResult(api.REFUSED, message=f"The event is not as agreed: {error}.")


def _count(event: api.FeedbackEvent | api.RecordResult, result: api.RecordResult) -> None:
    kind, recipient = "invalid", None
    if isinstance(event, api.FeedbackEvent):
        kind, recipient = metric_kind(event.event.kind), normalise(event.event.recipient)
    simulated = recipient is not None and domain_of(recipient) == SIMULATOR
    EVENTS.labels(kind, result.result, str(simulated).lower()).inc()
