"""What operators and machines ask: alive, ready, how much of what. SNS's posts go to `sns_endpoint.py`."""

from typing import cast

from flask import Blueprint, Response, current_app, jsonify

from shared.metrics import exposition
from webhook_service.clinic_mapper import ClinicMapper

TOPICS = "webhook_service.topics"

bp = Blueprint("webhook", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Tell that the process serves."""
    return jsonify(success=True, status="alive")


@bp.get("/readyz")
def readyz() -> Response:
    """Tell whether events could be recorded now: config_service answers, and takes our token."""
    cast("ClinicMapper", current_app.extensions[TOPICS]).refresh()
    return jsonify(success=True, status="ready")


@bp.get("/metrics")
def metrics() -> Response:
    """Return the metrics of all worker processes, for the internal network only."""
    body, content_type = exposition()
    return Response(body, content_type=content_type)
