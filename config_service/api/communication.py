"""The communication configuration of a clinic: GET and PUT, and the quick set-up of SES."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_smorest import Blueprint

from config_service.api import schemas
from config_service.api.context import principal, services
from config_service.services import ClinicConfig

bp = Blueprint("communication", __name__, description="A clinic's providers and their credentials")

_SHOWN_EXAMPLE = {
    "success": True,
    "config": {
        **schemas.CONFIG_EXAMPLE,
        "clinicId": "clinic-123",
        "whatsapp": {"primary": None, "fallback": []},
        "sms": {"primary": None, "fallback": []},
        "externalId": "2f6c1c3d1b4b4c7f9d0e8a7b6c5d4e3f",
        "createdAt": "2026-01-31T12:00:00+00:00",
        "updatedAt": "2026-01-31T12:00:00+00:00",
    },
}
_SAVED_EXAMPLE = {"success": True, "message": "SES configuration updated successfully"}


@bp.route("/config", methods=["GET"])
@bp.response(200, schemas.ConfigSchema, example=_SHOWN_EXAMPLE)
def show_config(clinic_id: str) -> Any:
    """Show a clinic's configuration, with its secrets masked."""
    config = services().configs.get_clinic_config(clinic_id)
    answer: dict[str, Any] = {"config": config}
    if config.warnings:
        answer["warnings"] = config.warnings
    return answer, {"ETag": f'"{config.etag}"'}


@bp.route("/config", methods=["PUT"])
@bp.arguments(schemas.ConfigUpdateSchema, example=schemas.CONFIG_EXAMPLE)
@bp.response(200, schemas.SavedSchema, example=_SAVED_EXAMPLE)
def replace_config(channels: dict[str, Any], clinic_id: str) -> Any:
    """Replace the channels that the body names; the clinic's row is made if it is new."""
    config = services().configs.save_clinic_config(
        clinic_id=clinic_id, actor=principal(), if_match=_if_match(), **channels
    )
    return _saved(config, "Communication configuration updated successfully")


@bp.route("/ses", methods=["PUT"])
@bp.arguments(schemas.SesSetupSchema, example=schemas.SES_EXAMPLE)
@bp.response(200, schemas.SavedSchema, example=_SAVED_EXAMPLE)
def set_up_ses(ses: dict[str, Any], clinic_id: str) -> Any:
    """Make SES the clinic's primary email provider; the rest of its configuration stays."""
    enabled = ses.pop("enabled")
    config = services().configs.save_ses(
        clinic_id=clinic_id, actor=principal(), credentials=ses, enabled=enabled, if_match=_if_match()
    )
    return _saved(config, "SES configuration updated successfully")


def _saved(config: ClinicConfig, message: str) -> Any:
    answer: dict[str, Any] = {"message": message}
    if config.warnings:
        answer["warnings"] = config.warnings
    return answer, {"ETag": f'"{config.etag}"'}


def _if_match() -> Callable[[str], bool] | None:
    """Return what compares the stored ETag with If-Match (RFC 9110, 13.1.1), or None without the header."""
    if "If-Match" not in request.headers:
        return None
    given = request.if_match
    return lambda etag: given.star_tag or given.contains(etag)
