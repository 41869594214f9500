"""Our suppression list beside the one that SES keeps of the clinic's account."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import drift_schemas as schemas
from config_service.api.context import principal, services
from config_service.services.drift.document import drift_document, repair_document
from config_service.services.drift.drift import REQUEST_CALLS, REQUEST_PAGES
from config_service.services.drift.repair import Wish

bp = Blueprint("drift", __name__, description="Where our suppression list and SES's own drift apart")

_NONE: dict[str, Any] = {"count": 0, "addresses": []}
_THEIRS = {"email": "j***@example.com", "reason": "BOUNCE", "since": "2026-01-31T12:00:00+00:00"}
_REPORT = {
    "success": True,
    "account": "123456789012",
    "region": "us-east-1",
    "shared": False,
    "clinics": 1,
    "atSes": 42,
    "inBoth": 41,
    "onlyAtSes": {"count": 1, "addresses": [_THEIRS]},
    "removedHere": _NONE,
    "onlyHere": _NONE,
}


@bp.route("/drift", methods=["GET"])
@bp.response(200, schemas.DriftSchema, example=_REPORT)
def show_drift(clinic_id: str) -> Any:
    """Compare both ways; a SUPER_ADMIN alone may where others send from the same account."""
    return drift_document(services().loop.drift.report(clinic_id, principal(), REQUEST_PAGES))


@bp.route("/drift/repair", methods=["POST"])
@bp.arguments(schemas.RepairSchema, example={"dryRun": True, "putToSes": False})
@bp.response(
    200,
    schemas.RepairedSchema,
    example={
        "success": True,
        "dryRun": True,
        "addedHere": 1,
        "deletedAtSes": 0,
        "putToSes": 0,
        "left": _NONE,
    },
)
def repair_drift(body: dict[str, Any], clinic_id: str) -> Any:
    """Add what SES has, delete at SES what was removed here and, if asked, put ours there."""
    drift, wish = services().loop.drift, Wish(body["dryRun"], body["putToSes"], REQUEST_CALLS)
    report = drift.report(clinic_id, principal(), REQUEST_PAGES)
    return repair_document(drift.repair(report, principal(), wish))
