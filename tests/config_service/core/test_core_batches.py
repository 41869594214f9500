"""Many events in one commit: what became of each is what would have become of it alone."""

from collections.abc import Iterator
from typing import Any

import pytest
from core_kit import PATIENT, codes, counted, event, give_ses, results, soft

from config_service.services.services import Services
from config_service.storage import rows
from config_service.storage.database import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.mark.parametrize(
    "values",
    [[], ["a"], ["a", "a"], ["b\x1fc", "a"], ["it's", "%s", "?"], [f"v{n}" for n in range(1500)]],
    ids=["none", "one", "twice", "separator", "marks", "many"],
)
def test_a_condition_over_any_values_finds_just_those(database: Database, values: list[str]) -> None:
    there = ["a", "b", "c", "b\x1fc", "it's", "%s", "?", "v7", "v1499", "v1500", ""]
    listed = " UNION ALL ".join(["SELECT CAST(? AS TEXT) AS name"] * len(there))
    of, parameters = rows.any_of(database, "name", values)
    with database.reading():
        found = database.execute(f"SELECT name FROM ({listed}) AS t WHERE {of}", (*there, *parameters))
        assert sorted(name for (name,) in found.fetchall()) == sorted(set(there) & set(values))


@pytest.mark.parametrize("count", [1, 3, 4, 21, 85, 150])
def test_a_batch_of_any_size_goes_in_once(services: Services, count: int) -> None:
    give_ses(services, "c1")
    batch = [event(recipient=f"p{n}@patients.example") for n in range(count)]
    assert results(services, *batch) == ["recorded"] * count
    assert results(services, *batch, event()) == ["duplicate"] * count + ["recorded"]
    assert (counted(services, "events"), counted(services, "suppressions")) == (count + 1, count + 1)


def test_the_same_event_twice_in_a_batch_goes_in_once(services: Services) -> None:
    give_ses(services, "c1")
    first = event(mail_message_id="m")
    assert results(services, first, first, event(mail_message_id="m"), event()) == [
        "recorded",
        "duplicate",
        "duplicate",
        "recorded",
    ]
    assert counted(services, "suppressions") == 1


def test_an_address_is_decided_on_once_all_of_its_events_are_in(services: Services) -> None:
    give_ses(services, "c1")
    bounces: list[Any] = [soft(days=day) for day in range(5)]
    results(services, *bounces, event("Delivery", days=2, ms=1), event("Delivery", days=9))
    assert codes(services, "c1") == []  # a delivery lies between them, and one behind them
    results(services, event("Complaint", days=3), soft(days=10), event("Delivery", days=11))
    assert codes(services, "c1") == ["complaint"]


def test_events_of_several_clinics_and_held_ones_share_a_batch(services: Services) -> None:
    give_ses(services, "c1")
    give_ses(services, "c2", fromEmail="noreply@two.example", accessKeyId="AKIAIOSFODNN7EXAMPL2")
    batch = [event(), event(source="noreply@two.example"), event(source="who@stranger.example"), event()]
    found = services.feedback.record(batch)
    assert [(each.result, each.clinic_id) for each in found] == [
        ("recorded", "c1"),
        ("recorded", "c2"),
        ("held", None),
        ("recorded", "c1"),
    ]
    assert [codes(services, clinic, PATIENT) for clinic in ("c1", "c2")] == [["hard_bounce"], ["hard_bounce"]]
