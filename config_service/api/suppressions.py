"""The suppression list: of a clinic, and (registered once more, without a clinic) the platform's own."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import cursors
from config_service.api import suppression_schemas as schemas
from config_service.api.context import principal, services
from config_service.clock import to_datetime
from config_service.services.addresses import required_address
from config_service.services.suppressions import ShownSuppression
from config_service.storage.suppressions import SuppressionFilter

bp = Blueprint("suppressions", __name__, description="Addresses that are not mailed, and why")

_ENTRY = {
    "id": "5b7a3c1d9e8f4a6b8c2d1e0f9a8b7c6d",
    "email": "jane@example.com",
    "reason": "hard_bounce",
    "since": "2026-01-31T12:00:00+00:00",
    "until": None,
    "erased": False,
}
_REASON = {
    "code": "hard_bounce",
    "scope": "clinic",
    "since": "2026-01-31T12:00:00+00:00",
    "hint": "Their mailbox does not exist. Ask for another address.",
}


@bp.route("", methods=["GET"])
@bp.arguments(schemas.SuppressionQuerySchema, location="query")
@bp.response(
    200,
    schemas.SuppressionPageSchema,
    example={"success": True, "suppressions": [_ENTRY], "nextCursor": None},
)
def list_suppressions(query: dict[str, Any], clinic_id: str | None = None) -> Any:
    """List the entries in force, newest first."""
    suppressions, before = services().suppressions, cursors.decode(query["cursor"])
    wanted = SuppressionFilter(suppressions.clock(), query["reason"], before, query["limit"])
    entries, last = suppressions.page(clinic_id, wanted)
    return {
        "suppressions": [_shown(entry) for entry in entries],
        "nextCursor": cursors.encode(last.since, last.id) if last else None,
    }


@bp.route("", methods=["POST"])
@bp.arguments(
    schemas.AddSuppressionSchema, example={"email": "jane@example.com", "note": "Asked by telephone"}
)
@bp.response(201, schemas.AddedSuppressionSchema, example={"success": True, "suppression": _ENTRY})
@bp.alt_response(
    200,
    schema=schemas.AddedSuppressionSchema,
    description="It is on the list already",
    example={"success": True, "suppression": _ENTRY},
)
def add_suppression(body: dict[str, Any], clinic_id: str | None = None) -> Any:
    """Suppress an address by hand: 201, or 200 where it is on the list already."""
    entry, is_new = services().suppressions.add(clinic_id, body["email"], principal(), body.get("note"))
    return {"suppression": _shown(entry)}, 201 if is_new else 200


@bp.route("/check", methods=["POST"])
@bp.arguments(schemas.CheckSchema, example={"email": "jane@example.com"})
@bp.response(
    200,
    schemas.CheckedSchema,
    example={"success": True, "suppressed": True, "reachable": False, "reasons": [_REASON]},
)
def check_address(body: dict[str, Any], clinic_id: str | None = None) -> Any:
    """Tell whether an address would be reached, and if not, why and what to do."""
    address = required_address(body["email"], "email")
    return services().reachability.check(clinic_id, [address])[0]


@bp.route("/<suppression_id>", methods=["DELETE"])
@bp.arguments(
    schemas.RemoveSuppressionSchema, example={"note": "The patient corrected the address", "consent": False}
)
@bp.response(200, schemas.DoneSchema, example={"success": True, "message": "Suppression removed"})
def remove_suppression(body: dict[str, Any], suppression_id: str, clinic_id: str | None = None) -> Any:
    """Take an entry off the list, with a note and, after a complaint, with the patient's consent."""
    services().suppressions.remove(
        clinic_id, suppression_id, principal(), body["note"], consent=body["consent"]
    )
    return {"message": "Suppression removed"}


def _shown(entry: ShownSuppression) -> dict[str, Any]:
    return {
        "id": entry.id,
        "email": entry.email,
        "reason": entry.reason,
        "since": to_datetime(entry.since),
        "until": to_datetime(entry.until) if entry.until else None,
        "erased": entry.erased,
    }
