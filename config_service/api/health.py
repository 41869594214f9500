"""What the doctor finds about a clinic."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import health_schemas as schemas
from config_service.api.context import services
from config_service.services.doctor.document import report_document

bp = Blueprint("health", __name__, description="What is wrong with a clinic's mail, and how to mend it")

_CHECK_EXAMPLE = {
    "id": "subscription.raw",
    "title": "Raw message delivery",
    "status": "fail",
    "seen": "raw message delivery is on",
    "since": None,
    "code": "raw_delivery_on",
    "remedy": "Switch it off.",
    "command": "python -m config_service setup --region us-east-1",
}
_EXAMPLE = {
    "success": True,
    "clinicId": "clinic-123",
    "status": "fail",
    "checkedAt": "2026-01-31T12:00:00+00:00",
    "tookMs": 1800,
    "counts": {"pass": 35, "warn": 0, "fail": 1, "unknown": 0},
    "checks": [_CHECK_EXAMPLE],
}


@bp.route("/health", methods=["GET"])
@bp.response(200, schemas.HealthSchema, example=_EXAMPLE)
def show_health(clinic_id: str) -> Any:
    """Examine a clinic's account, identity, DNS, topic, subscription and events; it may take ten seconds."""
    return report_document(services().doctor.of_clinic(clinic_id))
