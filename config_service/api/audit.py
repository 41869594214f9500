"""Who did what: to a clinic, and (registered once more, without a clinic) to any of them and the platform."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import audit_schemas as schemas
from config_service.api import cursors
from config_service.api.context import services
from config_service.clock import to_datetime, to_ms
from config_service.storage.audit import AuditFilter
from config_service.storage.records import AuditRecord

bp = Blueprint("audit", __name__, description="Who did what, and which credentials were opened for whom")

_ROW = {
    "id": "4711",
    "at": "2026-01-31T12:00:00+00:00",
    "actor": "service:mailer",
    "role": "SERVICE",
    "action": "credentials.opened",
    "clinicId": "clinic-123",
    "fields": ["email.aws_ses"],
    "requestId": "7f2f0c8e5a1b4d3c9e6f7a8b9c0d1e2f",
}


@bp.route("/audit", methods=["GET"])
@bp.arguments(schemas.AuditQuerySchema, location="query")
@bp.response(200, schemas.AuditPageSchema, example={"success": True, "audit": [_ROW], "nextCursor": None})
def list_audit(query: dict[str, Any], clinic_id: str | None = None) -> Any:
    """List who did what, newest first, from `since` on and before `until`."""
    since, until = (to_ms(query[name]) if query[name] else None for name in ("since", "until"))
    before = cursors.decode_numbers(query["cursor"])
    page = services().audit.page(AuditFilter(clinic_id, since, until, before, query["limit"]))
    last = page[-1] if len(page) == query["limit"] else None
    return {
        "audit": [_shown(row) for row in page],
        "nextCursor": cursors.encode(last.at, last.id or 0) if last else None,
    }


def _shown(row: AuditRecord) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "at": to_datetime(row.at),
        "actor": row.actor,
        "role": row.role,
        "action": row.action,
        "clinicId": row.clinic_id,
        "touched": row.fields,
        "requestId": row.request_id,
    }
