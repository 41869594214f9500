"""What comes by one clinic's own topic can never touch another clinic, whatever it says of itself."""

from typing import Any

from core_kit import PATIENT, PLATFORM_ADDRESS, ROOT, event, give_ses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config_service.services.services import Services

TOPIC_A = "arn:aws:sns:us-east-1:111111111111:a"
TOPIC_B = "arn:aws:sns:us-east-1:222222222222:b"

_CLAIMS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["Bounce", "Complaint", "Delivery", "Send"]),
        "source": st.sampled_from(
            [
                "noreply@a.example",
                "noreply@b.example",
                "x@b.example",
                PLATFORM_ADDRESS,
                "x@nowhere.example",
                None,
            ]
        ),
        "clinic_tag": st.sampled_from(["a", "b", "no-such-clinic", None]),
        "mail_message_id": st.sampled_from(["b-aws_ses-1", "platform-1", "m", None]),
        "recipient": st.sampled_from([PATIENT, "john@patients.example", None]),
    }
)


def everything_of(services: Services, clinic_id: str | None) -> list[Any]:
    """Return every row that belongs to a clinic or to the platform."""
    database = services.repositories.database
    found: list[Any] = []
    with database.reading():
        for table in ("events", "suppressions", "suppression_acts"):
            sql = f"SELECT * FROM {table} WHERE COALESCE(clinic_id, '') = ? ORDER BY id"
            found += database.execute(sql, (clinic_id or "",)).fetchall()
        found += database.execute(
            "SELECT * FROM deliveries_seen WHERE scope = ?", (clinic_id or "",)
        ).fetchall()
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_CLAIMS, min_size=1, max_size=6))
def test_events_of_one_clinics_topic_never_touch_another_clinic_or_the_platform(
    services: Services, claims: list[dict[str, Any]]
) -> None:
    if services.repositories.clinics.get("b") is None:
        give_ses(services, "a", fromEmail="noreply@a.example", snsTopicArn=TOPIC_A)
        give_ses(services, "b", fromEmail="noreply@b.example", snsTopicArn=TOPIC_B)
        services.test_emails.send("b", "somebody@else.example", ROOT)
        services.test_emails.send("b", "somebody@else.example", ROOT, "platform")
    before = everything_of(services, "b"), everything_of(services, None)
    found = services.feedback.record([event(topic=TOPIC_A, **claim) for claim in claims])
    services.held_events.retries.retry()
    assert {result.clinic_id for result in found if result.result == "recorded"} <= {"a"}
    assert (everything_of(services, "b"), everything_of(services, None)) == before
