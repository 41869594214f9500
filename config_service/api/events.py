"""The feedback events of a clinic, newest first."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import cursors
from config_service.api import event_schemas as schemas
from config_service.api.context import services
from config_service.api.event_views import EVENT_EXAMPLE, show_event
from config_service.storage.events import EventFilter

bp = Blueprint("events", __name__, description="What SES reported")


@bp.route("/events", methods=["GET"])
@bp.arguments(schemas.EventQuerySchema, location="query")
@bp.response(
    200, schemas.EventPageSchema, example={"success": True, "events": [EVENT_EXAMPLE], "nextCursor": None}
)
def list_events(query: dict[str, Any], clinic_id: str) -> Any:
    """List what SES reported of a clinic's mail, newest first."""
    before = cursors.decode_numbers(query["cursor"])
    wanted = EventFilter(query["kind"], before, query["limit"])
    page = services().repositories.events.page(clinic_id, wanted)
    last = page[-1] if len(page) == wanted.limit else None
    return {
        "events": [show_event(event) for event in page],
        "nextCursor": cursors.encode(last.at, last.id or 0) if last else None,
    }
