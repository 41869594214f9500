"""The probe of a clinic's feedback loop: started, followed, and tidied up after."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import probe_schemas as schemas
from config_service.api.context import principal, services
from config_service.services.probe.document import probe_document

bp = Blueprint("probe", __name__, description="Mails to SES's mailbox simulator, followed to their events")

_SENT = {"name": "sent", "afterMs": 212}
_STARTED = {
    "success": True,
    "probeId": "7f2f7c0e1f0b4d7c",
    "startedAt": "2026-01-31T12:00:00+00:00",
    "status": "waiting",
    "mails": [
        {"mailbox": "bounce", "event": "Bounce", "status": "waiting", "hops": [_SENT], "lost": None},
    ],
}
_ARRIVED = [{"name": "event", "afterMs": 1904}, {"name": "recorded", "afterMs": 2103}]
_LOSS = {
    "hop": "event",
    "code": "probe_no_event",
    "message": "SES accepted the mail, and no Complaint event came within 60 s.",
    "hint": "Its Delivery came, so that the way is open: SES does not publish Complaint.",
}
_BOUNCE = {"mailbox": "bounce", "event": "Bounce", "status": "passed", "lost": None}
_COMPLAINT = {"mailbox": "complaint", "event": "Complaint", "status": "lost", "hops": [_SENT], "lost": _LOSS}
_FOLLOWED = {
    **_STARTED,
    "status": "lost",
    "mails": [{**_BOUNCE, "hops": [_SENT, *_ARRIVED, {"name": "suppressed", "afterMs": None}]}, _COMPLAINT],
}
_REMOVED = [{"name": "suppressed", "afterMs": None}, {"name": "removed", "afterMs": None}]
_CLEARED = {**_FOLLOWED, "mails": [{**_BOUNCE, "hops": [_SENT, *_ARRIVED, *_REMOVED]}, _COMPLAINT]}


@bp.route("/probe", methods=["POST"])
@bp.arguments(schemas.StartProbeSchema, example={})
@bp.response(202, schemas.ProbeSchema, example=_STARTED)
def start_probe(_: dict[str, Any], clinic_id: str) -> Any:
    """Send three mails to SES's mailbox simulator by the clinic's own settings."""
    return probe_document(services().loop.probe.start(clinic_id, principal()))


@bp.route("/probe/<probe_id>", methods=["GET"])
@bp.response(200, schemas.ProbeSchema, example=_FOLLOWED)
def show_probe(clinic_id: str, probe_id: str) -> Any:
    """Tell how far each mail has come and, where it got lost, at which hop and what to check."""
    return probe_document(services().loop.probe.show(clinic_id, probe_id))


@bp.route("/probe/<probe_id>", methods=["DELETE"])
@bp.response(200, schemas.ProbeSchema, example=_CLEARED)
def clear_probe(clinic_id: str, probe_id: str) -> Any:
    """Take the suppression entries that the probe caused off the list; the next probe does it as well."""
    return probe_document(services().loop.probe.clear(clinic_id, probe_id, principal()))
