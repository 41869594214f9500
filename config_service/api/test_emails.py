"""Test emails: sent, and asked about afterwards."""

from typing import Any

from flask_smorest import Blueprint

from config_service.api import schemas
from config_service.api.context import principal, services
from config_service.clock import to_datetime
from config_service.metrics import SENDS
from shared.errors import ServiceError

bp = Blueprint("test emails", __name__, description="Send a test email and see what became of it")

_TEST_ID = "7f2f7c0e1f0b4d7c8a5e2b1d3c4f5a6b"
_MESSAGE_ID = "0100018d2b3c4d5e-6f708192-a3b4-c5d6-e7f8-091a2b3c4d5e-000000"


@bp.route("/test-email", methods=["POST"])
@bp.arguments(schemas.TestEmailSchema, example={"testEmail": "your-email@example.com"})
@bp.response(
    200,
    schemas.SentTestSchema,
    example={
        "success": True,
        "message": "Test email sent",
        "messageId": _MESSAGE_ID,
        "testId": _TEST_ID,
        "tracking": True,
    },
)
def send_test_email(body: dict[str, Any], clinic_id: str) -> Any:
    """Send a test email through the clinic's primary provider, or through the one named."""
    provider = body.get("provider")
    try:
        sent = services().test_emails.send(clinic_id, body["testEmail"], principal(), provider)
    except ServiceError as error:
        SENDS.labels("named" if provider else "primary", error.code).inc()
        raise
    SENDS.labels("named" if provider else "primary", "accepted").inc()
    return sent


@bp.route("/test-email/<test_id>", methods=["GET"])
@bp.response(
    200,
    schemas.TestOutcomeSchema,
    example={
        "success": True,
        "testId": _TEST_ID,
        "messageId": _MESSAGE_ID,
        "status": "bounced",
        "reason": "Permanent, General, 5.1.1, smtp; 550 5.1.1 user unknown",
        "at": "2026-01-31T12:00:00+00:00",
    },
)
def show_test_email(clinic_id: str, test_id: str) -> Any:
    """Tell what became of a test email, and why."""
    send = services().test_emails.get(clinic_id, test_id)
    outcome = services().test_outcomes.of(send)
    return {
        "testId": send.id,
        "messageId": send.message_id,
        "status": outcome.status,
        "reason": outcome.reason,
        "at": to_datetime(outcome.at),
    }
