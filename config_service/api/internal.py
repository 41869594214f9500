"""What webhook_service and sending services ask over the internal API; events come in by `recording.py`."""

import hashlib
import json
from typing import Any

import msgspec
from flask import Blueprint, Response, jsonify, request

from config_service.api.context import principal, services
from config_service.api.internal_bodies import read_addresses
from config_service.metrics import CREDENTIALS_OPENED
from shared import internal_api as api

topics = Blueprint("internal_topics", __name__)
sending = Blueprint("internal_sending", __name__)


@topics.get(api.TOPICS)
def list_topics() -> Response:
    """Return every per-clinic topic; 304 where the caller's list is still right."""
    owners: dict[str, list[str]] = {}
    for identity in services().repositories.clinics.topics():
        owners.setdefault(identity.value, []).append(identity.clinic_id)
    found = [api.Topic(arn, tuple(clinics)) for arn, clinics in owners.items()]
    response = _answer(success=True, topics=found)
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
