"""Old events are removed, and no decision on an address changes by it: not now, and not by what comes later."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from core_kit import (
    PATIENT,
    PLATFORM_ADDRESS,
    ROOT,
    START,
    at_once,
    codes,
    counted,
    event,
    give_ses,
    results,
    soft,
)
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from config_service.clock import DAY
from config_service.services import retention
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.storage.suppressions import SuppressionFilter

Process = Callable[..., Services]
DAYS = 60  # the least
ZERO = int(START.timestamp() * 1000)
JOHN = "john@patients.example"


@pytest.fixture
def settings(settings: ConfigSettings) -> ConfigSettings:
    return replace(settings, event_retention_days=DAYS, soft_bounce_limit=2)


@pytest.fixture
def twin(
    request: pytest.FixtureRequest, settings: ConfigSettings, another_process: Process, tmp_path: Path
) -> Services:
    """Return the use cases over another database, in which nothing is ever removed."""
    if settings.database_url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path}/twin.db"
    else:
        url = request.getfixturevalue("second_postgres_url")
    return another_process(replace(settings, database_url=url, event_retention_days=None))


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAGE", 2)
    monkeypatch.setattr(retention, "_PAUSE", 0)
    monkeypatch.setattr(retention, "_PAGES_AT_ONCE", 2)


def purge(services: Services) -> int:
    return max((purged.removed for purged in services.retention.run()), default=0)


def listed(services: Services, clinic: str, now: int) -> list[tuple[Any, ...]]:
    entries = services.suppressions.page(clinic, SuppressionFilter(now))[0]
    return sorted((entry.email, entry.reason, entry.since, entry.until) for entry in entries)


@dataclass(frozen=True)
class Happening:
    """An event of its own day, which comes in some days late, or what a person does on that day."""

    what: str
    day: int
    late: int
    address: str
    purged_after: bool

    @property
    def arrives(self) -> int:
        return ZERO + (self.day + (self.late if self.what in _KINDS else 0)) * DAY


_KINDS: dict[str, dict[str, Any]] = {
    "soft": {"bounce_type": "Transient", "sub_type": "MailboxFull"},
    "delivery": {"kind": "Delivery"},
    "permanent": {"bounce_type": "Permanent"},
    "complaint": {"kind": "Complaint"},
}
_HAPPENINGS = st.lists(
    st.builds(
        Happening,
        st.sampled_from(["soft"] * 5 + ["delivery"] * 2 + ["remove"] * 2 + ["add", "permanent", "complaint"]),
        st.integers(0, 140),
        st.sampled_from([0, 0, 0, 1, 14, 90]),  # 90: one that was held
        st.sampled_from([PATIENT, PATIENT, JOHN]),
        st.booleans(),
    ),
    min_size=3,
    max_size=16,
)
_numbers = iter(range(10**9))


@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_HAPPENINGS, st.integers(0, 90))
def test_a_list_whose_old_events_are_gone_is_the_list_that_kept_them(
    services: Services, twin: Services, clock: Any, happened: list[Happening], later: int
) -> None:
    clinic = f"c{next(_numbers)}"  # a new one for every example
    source = f"noreply@{clinic}.example"
    for world in (services, twin):
        give_ses(world, clinic, fromEmail=source)
    for number, found in enumerate(sorted(happened, key=lambda one: one.arrives)):
        clock.now = max(clock.now if number else 0, found.arrives)
        for world in (services, twin):
            _happen(world, clinic, source, found, number, clock.now)
        if found.purged_after:
            purge(services)
        assert listed(services, clinic, clock.now) == listed(twin, clinic, clock.now)
    clock.now += later * DAY
    purge(services)
    for world in (services, twin):  # what settles both addresses anew
        results(world, *(soft(source=source, recipient=address, days=300) for address in (PATIENT, JOHN)))
    for address in (PATIENT, JOHN):
        assert codes(services, clinic, address) == codes(twin, clinic, address)
    assert listed(services, clinic, clock.now) == listed(twin, clinic, clock.now)


def _happen(world: Services, clinic: str, source: str, found: Happening, number: int, now: int) -> None:
    if found.what == "add":
        world.suppressions.add(clinic, found.address, ROOT)
    elif found.what == "remove":
        # Only what the list shows: an entry that ran out goes, unseen, with the events that made it.
        for entry in world.suppressions.page(clinic, SuppressionFilter(now))[0]:
            if entry.email == found.address:
                world.suppressions.remove(clinic, entry.id, ROOT, "a note", consent=True)
    else:
        given_ids = {"sns": f"{clinic}-{number}", "mail_message_id": f"{clinic}-{number}"}
        results(
            world,
            event(source=source, recipient=found.address, days=found.day, **given_ids, **_KINDS[found.what]),
        )


def test_an_event_goes_when_both_its_time_and_its_arrival_are_too_old(services: Services, clock: Any) -> None:
    give_ses(services, "c1")
    results(services, event("Delivery"), event("Open"))
    clock.advance(10 * DAY)
    results(services, event("Delivery", recipient=JOHN))  # the same day's, and ten days late
    clock.advance((DAYS - 10) * DAY)
    assert purge(services) == 0
    clock.advance(1)
    assert purge(services) == 2
    assert counted(services, "events") == 1
    clock.advance(10 * DAY)
    assert purge(services) == 1


def test_a_suppression_keeps_its_reason_and_its_beginning_without_its_events(
    services: Services, clock: Any
) -> None:
    give_ses(services, "c1")
    results(services, event(days=2), event(days=1), event("Complaint", days=3, recipient=JOHN))
    before = listed(services, "c1", clock.now)
    clock.advance(100 * DAY)
    assert purge(services) == 3
    assert counted(services, "suppression_acts") == 2
    results(services, soft(days=99), event(days=99), soft(days=99, recipient=JOHN))
    assert listed(services, "c1", clock.now) == before
    results(services, event("Complaint", days=98))
    assert codes(services, "c1") == ["complaint"]


def test_what_was_removed_from_the_list_leaves_nothing_and_stays_removed(
    services: Services, clock: Any
) -> None:
    give_ses(services, "c1")
    results(services, event())
    (entry,) = services.suppressions.page("c1", SuppressionFilter(now=0))[0]
    clock.advance(DAY)
    services.suppressions.remove("c1", entry.id, ROOT, "a note", consent=True)
    clock.advance(100 * DAY)
    assert purge(services) == 1
    assert counted(services, "suppression_acts") == 1
    results(services, event(), soft(days=99))  # the bounce comes once more, 100 days late
    assert codes(services, "c1") == []


def test_the_outcome_of_a_test_email_stays(services: Services, clock: Any) -> None:
    give_ses(services, "c1")
    sent = services.test_emails.send("c1", PATIENT, ROOT)
    results(services, event(mail_message_id=sent.message_id), event())
    clock.advance(100 * DAY)
    assert purge(services) == 1
    assert services.test_outcomes.of(services.test_emails.get("c1", sent.test_id)).status == "bounced"


def test_held_events_wait_however_old_and_are_counted(services: Services, clock: Any) -> None:
    give_ses(services, "c1")
    results(services, event(source="who@nowhere.example"), event("Unreadable", recipient=None, raw="{}"))
    clock.advance(100 * DAY)
    assert services.retention.held() == 2
    assert purge(services) == 0
    (held, _) = services.held_events.page(0, 10)
    assert held.id is not None
    services.held_events.assign(held.id, "c1", ROOT)
    assert codes(services, "c1") == ["hard_bounce"]
    assert purge(services) == 0  # it has only just been recorded


@pytest.mark.usefixtures("small_pages")
def test_a_dry_run_counts_what_a_run_removes(services: Services, clock: Any) -> None:
    give_ses(services, "c1")
    results(services, *(event(recipient=f"p{number}@patients.example") for number in range(5)))
    clock.advance(100 * DAY)
    results(services, event(days=100))
    told = [(purged.seen, purged.removed) for purged in services.retention.run(dry=True)]
    assert counted(services, "events") == 6
    assert [(purged.seen, purged.removed) for purged in services.retention.run()] == told
    assert told == [(2, 2), (4, 4), (6, 5)]
    assert counted(services, "events") == 1


@pytest.mark.usefixtures("small_pages")
def test_a_sweep_removes_a_bounded_part_and_the_next_one_goes_on(services: Services, clock: Any) -> None:
    give_ses(services, "c1")
    results(services, *(event(recipient=f"p{number}@patients.example") for number in range(5)))
    clock.advance(100 * DAY)
    left = []
    for _ in range(3):
        assert services.sweep.run()
        left.append(counted(services, "events"))
    assert left == [1, 0, 0]


def test_nothing_goes_where_no_age_is_set(twin: Services, clock: Any) -> None:
    give_ses(twin, "c1")
    results(twin, event())
    clock.advance(10_000 * DAY)
    assert twin.sweep.run()
    assert counted(twin, "events") == 1


@pytest.mark.usefixtures("small_pages")
def test_an_interrupted_run_leaves_what_it_did_and_another_ends_it(services: Services, clock: Any) -> None:
    give_ses(services, "c1")
    results(services, *(event(recipient=f"p{number}@patients.example") for number in range(6)))
    before = listed(services, "c1", 0)
    clock.advance(100 * DAY)
    first: Iterator[Any] = services.retention.run()
    assert next(first).removed == 2
    del first
    assert counted(services, "events") == 4
    assert purge(services) == 4
    assert counted(services, "suppression_acts") == 6
    assert listed(services, "c1", clock.now) == before


@pytest.mark.usefixtures("small_pages")
def test_several_that_remove_while_others_record_keep_every_fact_once(
    services: Services, another_process: Process, clock: Any
) -> None:
    give_ses(services, "c1")
    addresses = [f"p{number}@patients.example" for number in range(12)]
    results(services, *(event(recipient=address) for address in addresses))
    clock.advance(100 * DAY)
    others = [another_process() for _ in range(3)]
    late = [event(recipient=address, days=99) for address in addresses]
    jobs = [(each, lambda each=each: purge(each)) for each in (services, others[0])]
    found = at_once(*jobs, *((each, lambda each=each: results(each, *late)) for each in others[1:]))
    assert not [one for one in found if isinstance(one, Exception)]
    assert counted(services, "events") == len(addresses)
    assert counted(services, "suppression_acts") == len(addresses)
    assert listed(services, "c1", clock.now) == sorted(
        (address, "hard_bounce", ZERO, None) for address in addresses
    )


def test_a_platform_wide_entry_keeps_its_fact_as_well(services: Services, clock: Any) -> None:
    results(services, event(source=PLATFORM_ADDRESS))
    clock.advance(100 * DAY)
    assert purge(services) == 1
    results(services, soft(source=PLATFORM_ADDRESS, days=99))
    assert codes(services, None) == ["hard_bounce"]


def test_what_bounced_again_after_a_removal_stays_suppressed(services: Services, clock: Any) -> None:
    give_ses(services, "c1")
    results(services, event())
    (entry,) = services.suppressions.page("c1", SuppressionFilter(now=0))[0]
    clock.advance(DAY)
    services.suppressions.remove("c1", entry.id, ROOT, "a note", consent=True)
    results(services, event(days=2), event(days=3))
    clock.advance(100 * DAY)
    assert purge(services) == 3
    results(services, soft(days=99))
    assert listed(services, "c1", 0) == [(PATIENT, "hard_bounce", ZERO + 2 * DAY, None)]
