"""The HTTP side: hands bodies on and answers; decides nothing."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

import msgspec
from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from shared.metrics import exposition
from webhook_service.clinic_mapper import ClinicMapper
from webhook_service.processing import MessageProcessor
from webhook_service.verification import LOOKED_AT, SnsVerifier

EXTENSION = "webhook_service"

# SNS's own limit is 256 KiB of message; as JSON within JSON, escaped, it grows.
# https://docs.aws.amazon.com/general/latest/gr/sns.html
MAX_BODY_BYTES = 512 * 1024

# As WSGI names them (PEP 3333).
_HEADERS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in LOOKED_AT}

bp = Blueprint("webhook", __name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What the views hand requests to."""

    verifier: SnsVerifier
    processor: MessageProcessor
    topics: ClinicMapper


def _services() -> Services:
    return cast("Services", current_app.extensions[EXTENSION])


@bp.post("/api/v1/webhooks/ses")
def receive() -> Response:
    """Answer SNS once the message is dealt with. Its Content-Type is not looked at: SNS says text/plain."""
    services = _services()
    message = services.verifier.verify(_body(), _headers())
    result = services.processor.process(message)
    answer = {"success": True, "result": result, "messageId": message.message_id}
    return Response(msgspec.json.encode(answer), mimetype="application/json")


def _headers() -> dict[str, str]:
    environ = request.environ
    return {name: environ[key] for name, key in _HEADERS.items() if key in environ}


def _body() -> bytes:
    """Return the body; werkzeug cuts one without a Content-Length at its limit, and does not say so."""
    body = request.get_data(cache=False)
    if len(body) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    return body


@bp.get("/healthz")
def healthz() -> Response:
    """Tell that the process serves."""
    return jsonify(success=True, status="alive")


@bp.get("/readyz")
def readyz() -> Response:
    """Tell whether events could be recorded now: config_service answers, and takes our token."""
    _services().topics.refresh()
    return jsonify(success=True, status="ready")


@bp.get("/metrics")
def metrics() -> Response:
    """Return the metrics of all worker processes, for the internal network only."""
    body, content_type = exposition()
    return Response(body, HTTPStatus.OK, content_type=content_type)
