"""A clinic's topic in its settings, on both databases: stored alone, audited, and no word on its addresses."""

from typing import Any

import pytest

from config_service.errors import ConflictError, NotFoundError
from config_service.services.principal import CLINIC_ADMIN, Principal
from config_service.services.services import Services

ADMIN = Principal("admin", CLINIC_ADMIN, frozenset({"c1"}))
CREDENTIALS = {
    "region": "us-east-1",
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "fromEmail": "noreply@clinic-domain.example",
}
TOPIC = "arn:aws:sns:us-east-1:123456789012:events-c1"
SHARED = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"


def _save(services: Services, clinic_id: str = "c1", topic: str | None = TOPIC) -> dict[str, Any]:
    config = services.configs.save_topic(
        clinic_id=clinic_id, actor="ann", region="us-east-1", topic_arn=topic
    )
    found: dict[str, Any] = config.email["primary"]["credentials"]
    return found


def test_the_topic_is_stored_and_everything_else_stays(services: Services) -> None:
    before = services.configs.save_ses(clinic_id="c1", actor=ADMIN, credentials=CREDENTIALS)
    stored = _save(services)
    assert stored == {**before.email["primary"]["credentials"], "snsTopicArn": TOPIC}
    assert [each.value for each in services.repositories.clinics.topics()] == [TOPIC]
    assert "snsTopicArn" not in _save(services, topic=None)
    assert not services.repositories.clinics.topics()


def test_who_stores_a_topic_does_not_vouch_for_the_clinics_addresses(services: Services) -> None:
    services.configs.save_ses(clinic_id="c1", actor=ADMIN, credentials=CREDENTIALS)
    unproven = services.repositories.clinics.unproven("c1")
    assert unproven == {"noreply@clinic-domain.example"}
    _save(services)
    assert services.repositories.clinics.unproven("c1") == unproven


def test_the_audit_trail_names_who_stored_it(services: Services) -> None:
    services.configs.save_ses(clinic_id="c1", actor=ADMIN, credentials=CREDENTIALS)
    _save(services)
    with services.repositories.database.reading():
        rows = services.repositories.database.execute("SELECT actor, action FROM audit").fetchall()
    assert [tuple(row) for row in rows][-1] == ("ann", "communication_config.saved")


@pytest.mark.parametrize("topic", [SHARED, TOPIC])
def test_a_topic_of_somebody_else_is_refused(services: Services, topic: str) -> None:
    other = {**CREDENTIALS, "fromEmail": "noreply@other.example", "snsTopicArn": TOPIC}
    services.configs.save_ses(clinic_id="c2", actor="import", credentials=other)
    services.configs.save_ses(clinic_id="c1", actor=ADMIN, credentials=CREDENTIALS)
    with pytest.raises(ConflictError):
        _save(services, topic=topic)


def test_a_clinic_that_is_not_there_is_not_made(services: Services) -> None:
    with pytest.raises(NotFoundError):
        _save(services, "nobody")
