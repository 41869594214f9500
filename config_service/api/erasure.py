"""Erasing an address: in what is a clinic's, and (registered once more, without a clinic) everywhere."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import erasure_schemas as schemas
from config_service.api.context import principal, services

bp = Blueprint("erasure", __name__, description="Erasing a person's address; they stay suppressed")


@bp.route("/erase", methods=["POST"])
@bp.arguments(
    schemas.EraseSchema, example={"email": "jane@example.com", "note": "Asked for by letter on 2026-01-31"}
)
@bp.response(
    200,
    schemas.ErasedSchema,
    example={
        "success": True,
        "message": "Address erased; what suppresses it stays.",
        "erased": {"suppressions": 1, "events": 3, "heldEvents": 0, "testEmails": 0, "notes": 1},
    },
)
def erase_address(body: dict[str, Any], clinic_id: str | None = None) -> Any:
    """Erase an address for good: it is shown nowhere any more, and is still not mailed."""
    changed = services().erasure.erase(clinic_id, body["email"], principal(), body["note"])
    counts = {
        "suppressions": changed["suppressions"],
        "events": changed["events"],
        "heldEvents": changed.get("held_events", 0),
        "testEmails": changed["test_sends"],
        "notes": changed["suppression_acts"],
    }
    return {"message": "Address erased; what suppresses it stays.", "erased": counts}
