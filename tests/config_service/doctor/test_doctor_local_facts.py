"""What was sent and heard last, and what waits, out of both databases."""

from typing import Any

import pytest
from msgspec import structs

from config_service.services.services import Services
from config_service.storage import records
from config_service.storage.activity import Activity
from config_service.storage.records import EventRecord, FeedbackRecord, HeldEventRecord

CLINIC = "clinic-1"
SENDER = "noreply@clinic.example"
TOPIC, OTHER = ("arn:aws:sns:us-east-1:123456789012:" + name for name in ("own", "other"))
SENT = records.TestSendRecord(
    "t1", CLINIC, "aws_ses", "clinic", SENDER, "h", None, "accepted", 50, "ann", "m1"
)


def _event(number: int, at: int, **changes: Any) -> EventRecord:
    given = {"clinic_id": CLINIC, "rule": "topic", "source": SENDER, "topic_arn": TOPIC, **changes}
    return EventRecord(
        sns_message_id=f"sns-{number}", kind="Bounce", at=at, received_at=at + 1, recipient_hash="h", **given
    )


def _held(number: int, received_at: int, **changes: Any) -> HeldEventRecord:
    given = {"rule": "no_clinic", "source": SENDER, "topic_arn": TOPIC, **changes}
    return HeldEventRecord(
        sns_message_id=f"held-{number}", kind="Bounce", at=received_at - 1, received_at=received_at, **given
    )


@pytest.fixture
def activity(services: Services) -> Activity:
    return Activity(services.repositories.database)


def _store(services: Services, *found: FeedbackRecord) -> None:
    repositories = services.repositories
    with repositories.database.transaction():
        repositories.events.add_all([each for each in found if isinstance(each, EventRecord)])
        for each in found:
            if isinstance(each, HeldEventRecord):
                repositories.held.add(each)


def test_nothing_was_heard_where_nothing_is_stored(activity: Activity) -> None:
    assert activity.newest_of_clinic(CLINIC) is None
    assert activity.newest_of_topics([TOPIC]) is None
    assert activity.newest_of_topics([]) is None
    assert activity.last_test(CLINIC, "aws_ses") is None
    assert activity.held_at_all() == activity.held_of([]) == activity.held_of([SENDER]) == (0, None)


def test_the_newest_event_is_the_clinics_own_or_the_topics(services: Services, activity: Activity) -> None:
    _store(
        services,
        _event(1, 100),
        _event(2, 90),
        _event(3, 200, clinic_id="clinic-2", topic_arn=OTHER),
        _held(1, 301, topic_arn=OTHER),
    )
    assert activity.newest_of_clinic(CLINIC) == 100
    assert activity.newest_of_topics([TOPIC]) == 100
    assert activity.newest_of_topics([TOPIC, OTHER]) == 300  # a held event was heard as well


def test_what_waits_is_counted_by_sender_or_topic(services: Services, activity: Activity) -> None:
    _store(
        services,
        _held(1, 30, topic_arn=OTHER),
        _held(2, 20, source="stranger@elsewhere.example"),
        _held(3, 10, source="stranger@elsewhere.example", topic_arn=OTHER),
    )
    assert activity.held_of([SENDER]) == (1, 30)
    assert activity.held_of([SENDER, TOPIC]) == (2, 20)
    assert activity.held_at_all() == (3, 10)


def test_the_last_test_email_is_the_newest_by_its_provider(services: Services, activity: Activity) -> None:
    newest = structs.replace(SENT, id="t2", created_at=60)
    with services.repositories.database.transaction():
        for send in (newest, SENT, structs.replace(SENT, id="t3", provider="smtp", created_at=70)):
            services.repositories.test_sends.add(send)
    assert activity.last_test(CLINIC, "aws_ses") == newest
    assert activity.last_test("clinic-2", "aws_ses") is None
