"""What operators and machines ask: alive, ready, how much of what."""

from flask import Blueprint, Response, jsonify

from config_service.api.context import services
from config_service.metrics import HeldEventsCollector
from shared.metrics import exposition

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Tell that the process serves."""
    return jsonify(success=True, status="alive")


@bp.get("/readyz")
def readyz() -> Response:
    """Tell whether the database answers; 503 where it does not."""
    services().repositories.database.ping()
    return jsonify(success=True, status="ready")


@bp.get("/metrics")
def metrics() -> Response:
    """Return the metrics of all worker processes, for the internal network only."""
    body, content_type = exposition(HeldEventsCollector(services().repositories.held))
    return Response(body, content_type=content_type)
