"""Threads and processes that work on the same things at once give the state that one after the other would."""

import json
import random
import sqlite3
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from core_kit import (
    PATIENT,
    ROOT,
    SECRET,
    at_once,
    clinic_admin,
    codes,
    counted,
    event,
    give_ses,
    in_batches,
    results,
    soft,
)

from config_service.errors import ConflictError
from config_service.services.services import Services
from config_service.storage.suppressions import SuppressionFilter
from shared.internal_api import FeedbackEvent

Process = Callable[..., Services]
NOBODY = {"recipient": None}


@pytest.fixture
def both(services: Services, another_process: Process) -> tuple[Services, Services]:
    """Return the use cases of two processes over one database."""
    return services, another_process()


def a_busy_day(source: str, prefix: str, seed: int) -> list[FeedbackEvent]:
    """Return 200 events about 12 addresses: the same for the same seed, for whichever clinic."""
    chance = random.Random(seed)
    makers: list[Callable[..., FeedbackEvent]] = [
        event,
        soft, soft, soft, soft,
        lambda **given: event("Complaint", **given),
        lambda **given: event("Delivery", **given),
        lambda **given: event("Send", **{**given, **NOBODY}),
    ]  # fmt: skip
    return [
        chance.choice(makers)(
            sns=f"{prefix}-{number}",
            mail_message_id=f"{prefix}-{number // 2}",
            source=source,
            recipient=f"p{chance.randrange(12)}@patients.example",
            ms=number * 1000,
        )
        for number in range(200)
    ]


def listing(services: Services, clinic_id: str) -> set[Any]:
    return {
        (entry.email, entry.reason, entry.since, entry.until)
        for entry in services.suppressions.page(clinic_id, SuppressionFilter(now=0, limit=500))[0]
    }


def test_two_processes_that_deliver_everything_three_times_in_any_order_agree_with_one_delivery_each(
    both: tuple[Services, Services],
) -> None:
    for clinic in ("calm", "busy"):
        give_ses(both[0], clinic, fromEmail=f"noreply@{clinic}.example")
    calm = a_busy_day("noreply@calm.example", "calm", 7)
    busy = a_busy_day("noreply@busy.example", "busy", 7)
    in_batches(both[0], calm)
    recorded = counted(both[0], "events")

    def shuffled(seed: int) -> list[FeedbackEvent]:
        found = busy * 3
        random.Random(seed).shuffle(found)
        return found

    found = at_once(
        *(
            (services, lambda s=services, n=n: in_batches(s, shuffled(n), size=40))
            for n, services in enumerate(both)
        )
    )
    assert all(set(each) <= {"recorded", "duplicate"} for each in found), found
    assert sum(each.count("recorded") for each in found) == recorded
    assert counted(both[0], "events") == 2 * recorded
    assert listing(both[0], "busy") == listing(both[0], "calm") != set()


def test_batches_over_many_clinics_in_opposite_orders_never_wait_for_each_other_in_a_circle(
    both: tuple[Services, Services],
) -> None:
    """A circle of waits would cost PostgreSQL a second and one of the batches a 503."""
    clinics = [f"c{number}" for number in range(20)]
    for clinic in clinics:
        give_ses(both[0], clinic, fromEmail=f"noreply@{clinic}.example")

    def batch(kind: str, day: int, **given: Any) -> list[FeedbackEvent]:
        return [event(kind, source=f"noreply@{clinic}.example", days=day, **given) for clinic in clinics]

    rounds = []
    for day in range(8):  # a day's first delivery is what is written down for the clinic
        deliveries = [batch("Delivery", day, recipient=f"{name}@patients.example") for name in "pq"]
        sends = batch("Send", day, **NOBODY)
        rounds += [(deliveries[0], deliveries[1][::-1]), (sends, sends[::-1])]

    def deliver(services: Services, which: int) -> list[str]:
        return [result for batches in rounds for result in results(services, *batches[which])]

    found = at_once(*((services, lambda s=services, n=n: deliver(s, n)) for n, services in enumerate(both)))
    assert all(isinstance(each, list) and set(each) <= {"recorded", "duplicate"} for each in found), found
    assert counted(both[0], "events") == 8 * 60


def test_a_delivery_and_the_fifth_soft_bounce_at_once_end_as_one_after_the_other(
    both: tuple[Services, Services],
) -> None:
    give_ses(both[0], "c1")
    results(both[0], event("Delivery", recipient="john@patients.example"))
    for number in range(12):
        patient = f"p{number}@patients.example"
        results(both[0], *(soft(recipient=patient, ms=at) for at in range(4)))
        fifth, delivery = (
            soft(recipient=patient, ms=9),
            event("Delivery", recipient=patient, ms=6 if number % 2 else 12),
        )
        at_once(
            (both[0], lambda e=fifth: results(both[0], e)), (both[1], lambda e=delivery: results(both[1], e))
        )
        assert codes(both[0], "c1", patient) == ([] if number % 2 else ["soft_bounce"])


def test_a_removal_and_a_bounce_at_once_leave_list_and_history_in_agreement(
    both: tuple[Services, Services],
) -> None:
    give_ses(both[0], "c1")
    for number in range(6):
        patient = f"p{number}@patients.example"
        results(both[0], event(recipient=patient, days=-1))
        (entry,) = [
            e
            for e in both[0].suppressions.page("c1", SuppressionFilter(now=0, limit=99))[0]
            if e.email == patient
        ]
        newer = event(recipient=patient, ms=50)
        at_once(
            (both[0], lambda i=entry.id: both[0].suppressions.remove("c1", i, ROOT, "a note", consent=False)),
            (both[1], lambda e=newer: results(both[1], e)),
        )
        # The bounce is newer than the clock: if it came first, the removal was made after it.
        removed_at = _removed_at(both[0], patient)
        assert codes(both[0], "c1", patient) == (["hard_bounce"] if removed_at < _ms(newer) else [])


def _ms(found: FeedbackEvent) -> int:
    return int(found.event.at.timestamp() * 1000)


def _removed_at(services: Services, patient: str) -> int:
    acts = services.repositories.suppressions.acts("c1", services.suppressions.vault.hashes(patient))
    return max(act.at for act in acts if act.action == "remove")


def direct_update(url: str, clinic_id: str, name: str, value: str) -> None:
    """Write one key beside the settings as the platform does: past the service, on a connection of its own."""
    if url.startswith("sqlite:"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)
        with connection:
            connection.execute(
                "UPDATE clinics SET settings = json_set(settings, '$.' || ?, ?) WHERE id = ?",
                (name, value, clinic_id),
            )
        connection.close()
        return
    with psycopg.connect(url) as pg:
        pg.execute(
            "UPDATE clinics SET settings = jsonb_set(settings, ARRAY[%s], %s::jsonb) WHERE id = %s",
            (name, json.dumps(value), clinic_id),
        )


def test_a_direct_update_while_the_service_seals_is_never_lost(
    both: tuple[Services, Services], database_url: str
) -> None:
    give_ses(both[0], "c1")
    plain = {"provider": "aws_ses", "credentials": {"region": "us-east-1", "secretAccessKey": SECRET}}

    def write() -> None:
        for number in range(25):
            direct_update(database_url, "c1", f"k{number}", "kept")

    def seal(services: Services) -> int:
        for number in range(25):
            services.configs.get_clinic_config("c1")
            with services.repositories.database.transaction():
                current = services.repositories.clinics.get_for_update("c1")
                assert current is not None
                current.settings["communicationSettings"]["sms"][f"n{number}"] = 1
                current.settings["communicationSettings"]["email"]["primary"] = json.loads(json.dumps(plain))
                services.repositories.clinics.save(current)
            services.sweep.run()
        return 25

    assert at_once((both[0], write), (both[1], lambda: seal(both[1]))) == [None, 25]
    both[0].sweep.run()
    stored = both[0].repositories.clinics.get("c1")
    assert stored is not None
    assert {name for name in stored.settings if name.startswith("k")} == {
        f"k{number}" for number in range(25)
    }
    assert SECRET not in json.dumps(stored.settings)


def test_two_saves_that_claim_one_new_address_at_once_have_one_winner(
    both: tuple[Services, Services],
) -> None:
    for number in range(6):
        address = f"noreply@new-{number}.example"
        found = at_once(
            *(
                (
                    services,
                    lambda s=services, c=f"{name}-{number}", a=address: give_ses(
                        s, c, actor=clinic_admin(c), fromEmail=a
                    ),
                )
                for name, services in zip(("left", "right"), both, strict=True)
            )
        )
        assert [isinstance(each, ConflictError) for each in found].count(True) == 1, found
        assert len(both[0].repositories.clinics.owners_of("address", address)) == 1


def test_two_first_saves_of_one_clinic_at_once_make_one_row(both: tuple[Services, Services]) -> None:
    found = at_once(*((services, lambda s=services: give_ses(s, "c1")) for services in both))
    assert found[0].external_id == found[1].external_id
    assert counted(both[0], "clinics") == 1


def test_one_held_event_that_two_processes_apply_at_once_is_applied_once(
    both: tuple[Services, Services],
) -> None:
    results(both[0], *(event(ms=ms) for ms in range(8)))
    give_ses(both[0], "elsewhere", fromEmail="noreply@elsewhere.example")
    with both[0].repositories.database.transaction():  # a save whose process died before it could retry
        both[0].repositories.database.execute(
            "INSERT INTO clinics (id, settings) VALUES (?, ?)",
            (
                "c1",
                json.dumps(
                    {"communicationSettings": {"email": {"defaultFrom": "noreply@clinic-domain.example"}}}
                ),
            ),
        )
    found = at_once(*((services, services.held_events.retries.retry) for services in both))
    assert sum(found) == 8
    assert counted(both[0], "events") == 8
    assert counted(both[0], "held_events") == 0
    assert codes(both[0], "c1", PATIENT) == ["hard_bounce"]
