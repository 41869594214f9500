"""Events that no clinic could be found for: seen, and given their clinic."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import cursors
from config_service.api import event_schemas as schemas
from config_service.api.context import principal, services
from config_service.api.event_views import EVENT_EXAMPLE, show_event
from config_service.api.suppression_schemas import DoneSchema, PageQuerySchema

bp = Blueprint("held events", __name__, description="Events that wait for their clinic")

_HELD = {
    **EVENT_EXAMPLE,
    "topicArn": "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events",
    "rule": "unknown_source",
}


@bp.route("", methods=["GET"])
@bp.arguments(PageQuerySchema, location="query")
@bp.response(
    200, schemas.HeldEventPageSchema, example={"success": True, "events": [_HELD], "nextCursor": None}
)
def list_held_events(query: dict[str, Any]) -> Any:
    """List held events in the order of their arrival."""
    before = cursors.decode_numbers(query["cursor"]) or (0, 0)
    page = services().held_events.page(before[0], query["limit"])
    more = len(page) == query["limit"]
    return {
        "events": [{**show_event(event), "topicArn": event.topic_arn} for event in page],
        "nextCursor": cursors.encode(page[-1].id or 0, 0) if more else None,
    }


@bp.route(f"/<int(max={cursors.LARGEST}):event_id>", methods=["GET"])
@bp.response(200, schemas.OpenedHeldEventSchema, example={"success": True, "event": {**_HELD, "raw": None}})
def show_held_event(event_id: int) -> Any:
    """Show one held event and, of one that could not be read, what SES sent; this is audited."""
    event, raw = services().held_events.show(event_id, principal())
    return {"event": {**show_event(event), "topicArn": event.topic_arn, "raw": raw}}


@bp.route(f"/<int(max={cursors.LARGEST}):event_id>", methods=["DELETE"])
@bp.response(200, DoneSchema, example={"success": True, "message": "Held event dismissed"})
def dismiss_held_event(event_id: int) -> Any:
    """Take a held event out for good, since a person has seen that nothing follows from it."""
    services().held_events.dismiss(event_id, principal())
    return {"message": "Held event dismissed"}


@bp.route(f"/<int(max={cursors.LARGEST}):event_id>/assign", methods=["POST"])
@bp.arguments(schemas.AssignSchema, example={"clinicId": "clinic-123"})
@bp.response(
    200, schemas.AssignedSchema, example={"success": True, "result": "recorded", "clinicId": "clinic-123"}
)
def assign_held_event(body: dict[str, Any], event_id: int) -> Any:
    """Give a held event its clinic, as if it had been found by itself."""
    return services().held_events.assign(event_id, body["clinicId"], principal())
