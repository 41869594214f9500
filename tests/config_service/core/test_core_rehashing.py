"""The key of addresses' hashes is rotated: nobody is mailed, doubled or forgotten meanwhile, and the old key can go."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from core_kit import PATIENT, ROOT, codes, counted, event, give_ses, results

from config_service.encryption import NamedKey
from config_service.services.giving_way import in_turn
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.storage.database import StorageUnavailableError
from config_service.storage.events import EventFilter
from config_service.storage.hashed_addresses import TABLES
from config_service.storage.suppressions import SuppressionFilter
from shared.errors import SettingsError

Process = Callable[..., Services]

OLD, NEW = NamedKey("h1", b"h" * 32), NamedKey("h2", b"i" * 32)
STRANGER = "who@stranger.example"


def keyed(settings: ConfigSettings, *keys: NamedKey) -> ConfigSettings:
    return replace(settings, address_hash_keys=keys)


@pytest.fixture
def both(another_process: Process, settings: ConfigSettings, services: Services) -> Services:
    """Return a process that hashes with the new key and knows the old one, beside one that knows the old alone."""
    return another_process(keyed(settings, NEW, OLD))


@pytest.fixture
def alone(another_process: Process, settings: ConfigSettings) -> Callable[[], Services]:
    return lambda: another_process(keyed(settings, NEW))


def rehash(services: Services) -> dict[str, int]:
    """Rehash everything, let the old key go where it can, and return how many rows of each table changed."""
    changed = {step.what: step.changed for step in services.rehashing.run()}
    if not services.rehashing.left()["h1"]:
        services.rehashing.retire("h1")
    return {what: count for what, count in changed.items() if count}


def execute(services: Services, sql: str) -> Any:
    database = services.repositories.database
    with database.transaction():
        cursor = database.execute(sql)
        return cursor.fetchall() if cursor.description else None


def test_everything_comes_under_the_new_key_so_that_the_old_one_may_go(
    services: Services, both: Services, alone: Callable[[], Services]
) -> None:
    give_ses(services, "c1")
    bounce, held = event(detail=f"550 {PATIENT}"), event(source=STRANGER)
    results(services, bounce, held, event("Open", recipient=None))
    services.suppressions.add(None, PATIENT, ROOT, "asked by telephone")
    services.test_emails.send("c1", "eve@patients.example", ROOT)

    assert rehash(both) == {**{table.name: 1 for table in TABLES}, "suppressions": 2}

    assert both.rehashing.left() == Counter(h2=6)
    newest = alone()
    assert sorted(codes(newest, "c1")) == ["hard_bounce", "manual"]
    (shown, *_) = newest.repositories.events.page("c1", EventFilter(kind="Bounce"))
    assert newest.suppressions.vault.show(shown.recipient_hash, shown.recipient_sealed) == PATIENT
    assert [entry.email for entry in newest.suppressions.page("c1", SuppressionFilter(now=0))[0]] == [PATIENT]
    assert results(newest, bounce, held) == ["duplicate", "held"]
    assert (counted(newest, "events"), counted(newest, "held_events")) == (2, 1)
    assert rehash(newest) == {}


def test_a_rehash_that_was_interrupted_goes_on_where_it_was(
    services: Services, both: Services, alone: Callable[[], Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config_service.services.rehashing.PAGE", 2)
    give_ses(services, "c1")
    addresses = [f"p{number}@patients.example" for number in range(7)]
    results(services, *[event(recipient=address) for address in addresses])
    steps = both.rehashing.run()
    seen = [next(step for step in steps if step.changed)]
    steps.close()  # as a signal ends it, between two transactions
    assert (seen[0].what, seen[0].changed) == ("suppressions", 2)
    assert both.rehashing.left() == Counter(h1=12, h2=2)
    for address in addresses:
        assert codes(both, "c1", address) == ["hard_bounce"]
        assert results(both, event("Complaint", recipient=address)) == ["recorded"]

    assert rehash(both) == {"suppressions": 5, "events": 7}

    assert [codes(alone(), "c1", address) for address in addresses] == [["complaint"]] * 7
    assert counted(both, "suppressions") == 7


def test_entries_that_came_to_be_under_both_keys_become_one_that_says_the_weightier(
    services: Services, both: Services, alone: Callable[[], Services]
) -> None:
    """A process that does not know the new key yet has recorded meanwhile."""
    give_ses(services, "c1")
    same = event(mail_message_id="m")
    held = event(source=STRANGER)
    results(both, same, event(recipient="bob@patients.example"), held)
    results(services, same, event("Complaint"), event("Complaint", recipient="bob@patients.example"), held)
    results(both, event("Complaint", recipient="eve@patients.example"))
    results(services, event(recipient="eve@patients.example"))
    before = [counted(both, table) for table in ("suppressions", "events", "held_events")]

    rehash(both)

    assert before == [6, 7, 2]
    assert [counted(both, table) for table in ("suppressions", "events", "held_events")] == [3, 6, 1]
    newest = alone()
    for address in (PATIENT, "bob@patients.example", "eve@patients.example"):
        assert codes(newest, "c1", address) == ["complaint"]
    assert {entry.email for entry in newest.suppressions.page("c1", SuppressionFilter(now=0))[0]} == {
        PATIENT,
        "bob@patients.example",
        "eve@patients.example",
    }


def test_what_a_person_removed_stays_removed_under_the_new_key_alone(
    services: Services, both: Services, alone: Callable[[], Services], clock: Any
) -> None:
    give_ses(services, "c1")
    entry, _ = services.suppressions.add("c1", PATIENT, ROOT)
    clock.advance(1000)
    services.suppressions.remove("c1", entry.id, ROOT, "a mistake", consent=False)

    assert rehash(both) == {"suppression_acts": 2}

    newest = alone()
    assert results(newest, event(ms=500)) == ["recorded"]
    assert codes(newest, "c1") == []
    assert results(newest, event(ms=5000)) == ["recorded"]
    assert codes(newest, "c1") == ["hard_bounce"]


def test_a_removal_is_hashed_anew_by_its_own_address_once_the_events_are_gone(
    services: Services, both: Services
) -> None:
    give_ses(services, "c1")
    results(services, event())
    (entry,) = services.suppressions.page("c1", SuppressionFilter(now=0))[0]
    services.suppressions.remove("c1", entry.id, ROOT, "a mistake", consent=False)
    execute(services, "DELETE FROM events")
    assert rehash(both) == {"suppression_acts": 1}


def test_an_act_without_an_address_of_its_own_is_hashed_by_what_else_is_known_of_it(
    services: Services, both: Services
) -> None:
    """As acts were written before they held an address, and as retention writes them."""
    give_ses(services, "c1")
    services.suppressions.add("c1", PATIENT, ROOT)
    services.suppressions.add("c1", "bob@patients.example", ROOT)
    results(services, event(recipient="bob@patients.example"))
    gone, _ = services.suppressions.add("c1", "gone@patients.example", ROOT)
    services.suppressions.remove("c1", gone.id, ROOT, "a mistake", consent=False)
    execute(services, "UPDATE suppression_acts SET address_sealed = NULL")

    rehash(both)

    assert both.rehashing.left()["h1"] == 2  # added and removed: nothing else knows who that was
    assert [codes(both, "c1", address) for address in (PATIENT, "bob@patients.example")] == [
        ["manual"],
        ["hard_bounce"],
    ]


def test_an_erased_address_keeps_the_old_key_which_then_has_to_stay(
    services: Services, both: Services, alone: Callable[[], Services]
) -> None:
    give_ses(services, "c1")
    results(services, event(), event(recipient="bob@patients.example"))
    services.erasure.erase(None, PATIENT, ROOT, "asked for it")

    assert rehash(both) == {"suppressions": 1, "events": 1}

    assert both.rehashing.left()["h1"] == 3  # the entry, its event, and the mark that keeps the address out
    assert codes(both, "c1") == ["hard_bounce"]
    with pytest.raises(SettingsError, match="lacks key 'h1'"):
        alone()
    assert results(both, event("Complaint")) == ["recorded"]
    assert codes(both, "c1") == ["complaint"]
    assert counted(both, "suppressions") == 2
    erased = [entry for entry in both.suppressions.page("c1", SuppressionFilter(now=0))[0] if entry.erased]
    assert [entry.email for entry in erased] == [None]


def test_an_address_that_is_erased_while_both_keys_are_known_needs_the_old_one_no_more(
    both: Services, alone: Callable[[], Services]
) -> None:
    give_ses(both, "c1")
    results(both, event())
    both.erasure.erase(None, PATIENT, ROOT, "asked for it")
    assert rehash(both) == {}
    assert both.rehashing.left()["h1"] == 0
    assert codes(alone(), "c1") == ["hard_bounce"]


def test_an_erasure_takes_the_address_out_of_what_people_did_too(services: Services) -> None:
    give_ses(services, "c1")
    services.suppressions.add("c1", PATIENT, ROOT)
    services.erasure.erase(None, PATIENT, ROOT, "asked for it")
    services.suppressions.add("c1", PATIENT, ROOT)
    assert (
        execute(services, "SELECT COUNT(*) FROM suppression_acts WHERE address_sealed IS NOT NULL")[0][0] == 0
    )


def test_an_event_that_is_held_is_not_held_again_under_the_new_key(
    services: Services, both: Services
) -> None:
    held = event(source=STRANGER)
    assert [results(services, held), results(both, held)] == [["held"], ["held"]]
    assert counted(both, "held_events") == 1


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ((NEW,), "lacks key 'h1'"),
        ((NamedKey("h1", b"j" * 32),), "key 'h1' is not the one"),
        ((NEW, NamedKey("h1", b"j" * 32)), "key 'h1' is not the one"),
    ],
)
def test_nothing_starts_without_a_key_that_addresses_are_hashed_with(
    services: Services,
    another_process: Process,
    settings: ConfigSettings,
    keys: tuple[NamedKey, ...],
    named: str,
) -> None:
    with pytest.raises(SettingsError, match=named) as refused:
        another_process(keyed(settings, *keys))
    assert "h1" in refused.value.hint or "former key" in refused.value.hint


def test_work_beside_requests_gives_way_and_is_done_again(services: Services) -> None:
    tried = []

    def work() -> str:
        tried.append(1)
        if len(tried) < 3:
            raise StorageUnavailableError("somebody holds the row")
        return "done"

    assert in_turn(services.repositories.database, work) == "done"
    assert len(tried) == 3


def test_work_that_cannot_be_done_ends_with_its_error(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config_service.services.giving_way._PAUSE", 0)

    def work() -> None:
        raise StorageUnavailableError("the database is away")

    with pytest.raises(StorageUnavailableError):
        in_turn(services.repositories.database, work)
