"""Keeps the suppression list equal to what the rules make of each address's history."""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from config_service.clock import DAY
from config_service.services.addresses import StoredAddress
from config_service.services.suppression_rules import (
    COMPLAINT,
    DELIVERY,
    PERMANENT,
    REASON_SOFT_BOUNCE,
    SOFT,
    SOFT_BOUNCE_WINDOW,
    SUPPRESSING,
    Fact,
    Verdict,
    decide,
)
from config_service.storage.records import ActRecord, EventRecord, SuppressionRecord
from config_service.storage.repositories import Repositories

R = TypeVar("R", EventRecord, SuppressionRecord, ActRecord)
Histories = Mapping[tuple[str | None, str], list[EventRecord]]  # by list and hash


class Place(NamedTuple):
    """An address on a clinic's list or, where `clinic_id` is None, on the platform's."""

    clinic_id: str | None
    address: StoredAddress


class SuppressionState:
    """Decides on addresses, inside the caller's transaction."""

    def __init__(self, repositories: Repositories, soft_bounce_limit: int) -> None:
        """Take the repositories, and how many soft bounces in a row suppress."""
        self._repositories = repositories
        self._limit = soft_bounce_limit

    def settle(self, clinic_id: str | None, address: StoredAddress) -> SuppressionRecord | None:
        """Decide on one address of one list, store that, and return the entry if it is on the list."""
        return self.settle_all([Place(clinic_id, address)])[0]

    def settle_all(self, places: Sequence[Place]) -> list[SuppressionRecord | None]:
        """Decide on several addresses of lists, each once, as `settle` does, in their order."""
        return self._settle(places, self._histories_of(places))

    def _settle(self, places: Sequence[Place], histories: Histories) -> list[SuppressionRecord | None]:
        if not places:
            return []
        suppressions = self._repositories.suppressions
        stored = _by_place(suppressions.of_addresses(_hashes(places)))
        new, entries = [], []
        for place, facts in zip(places, self._facts_of(places, histories), strict=True):
            found = next(iter(_of_place(stored, place)), None)
            entry = _entry(place, found, decide(facts, self._limit))
            if entry is None:
                if found is not None:
                    suppressions.remove(place.clinic_id, place.address.hashes)
            elif found is None:
                new.append(entry)
            elif entry != found:
                suppressions.change(entry)
            entries.append(entry)
        suppressions.add_all(new)
        return entries

    def settle_events(self, events: Iterable[tuple[Place, str, int]]) -> None:
        """Decide anew after events, each a place, its effect and its time in ms.

        A delivery matters only to soft bounces around it.
        """
        seen = list(events)
        histories = self._histories_of([place for place, _, _ in seen])

        def matters(place: Place, effect: str, at: int) -> bool:
            known = _of_place(histories, place) if effect == DELIVERY else ()
            soft = [event.at for event in known if event.effect == SOFT]
            return effect in SUPPRESSING or any(bounced >= at - SOFT_BOUNCE_WINDOW for bounced in soft)

        # By hash: each sealing of one address is another text. The first spelling of it is kept.
        settled: dict[tuple[str | None, str], Place] = {}
        for place in (event[0] for event in seen if matters(*event)):
            settled.setdefault((place.clinic_id, place.address.hash), place)
        self._settle(list(settled.values()), histories)

    def note_deliveries(self, seen: Iterable[tuple[str | None, int]]) -> None:
        """Remember that deliveries of these lists (and times in ms) reach us.

        Last in a transaction and in one order everywhere, so that no two wait for each other; a day that is
        known already is not written, so that a clinic's deliveries do not queue for one row.
        """
        events = self._repositories.events
        latest: dict[str, int] = {}
        for clinic_id, at in seen:
            scope = clinic_id or ""
            latest[scope] = max(latest.get(scope, 0), at // DAY)
        known = events.latest_delivery_days(latest) if latest else {}
        for scope, day in sorted(latest.items()):
            if known.get(scope, -1) < day:
                events.note_delivery(scope, day)

    def facts(self, place: Place) -> list[Fact]:
        """Return the history of one address on one list, deliveries only where soft bounces are in it."""
        return self._facts_of([place], self._histories_of([place]))[0]

    def _histories_of(self, places: Iterable[Place]) -> Histories:
        """Return the events of these addresses that may suppress them."""
        hashes = _hashes(places)
        return _by_place(
            self._repositories.events.histories(hashes, [COMPLAINT, PERMANENT, SOFT]) if hashes else ()
        )

    def _facts_of(self, places: Sequence[Place], histories: Histories) -> list[list[Fact]]:
        acts = _by_place(self._repositories.suppressions.acts_on(_hashes(places)))
        return [self._facts(place, _of_place(histories, place), _of_place(acts, place)) for place in places]

    def _facts(self, place: Place, history: list[EventRecord], acts: list[ActRecord]) -> list[Fact]:
        if soft := [event.at for event in history if event.effect == SOFT]:
            history += self._repositories.events.history(
                place.clinic_id, place.address.hashes, [DELIVERY], min(soft)
            )
        return [_fact(event) for event in history] + [
            Fact(act.action, act.at, reason=act.reason) for act in acts
        ]

    def in_force(self, entries: Iterable[SuppressionRecord], now: int) -> Iterator[SuppressionRecord]:
        """Return, one by one, the entries that hold at `now` (ms).

        A soft-bounce entry runs out, and holds only where the clinic's deliveries reach us: without
        them nothing would ever reset the count.
        """
        latest_day = cache(self._repositories.events.latest_delivery_day)  # asked once a list

        def holds(entry: SuppressionRecord) -> bool:
            if entry.until is not None and entry.until <= now:
                return False
            if entry.reason != REASON_SOFT_BOUNCE:
                return True
            latest = latest_day(entry.clinic_id or "")
            return latest is not None and latest >= (entry.since - SOFT_BOUNCE_WINDOW) // DAY

        return filter(holds, entries)


def _fact(event: EventRecord) -> Fact:
    return Fact(event.effect, event.at, event.mail_message_id)


def _entry(
    place: Place, stored: SuppressionRecord | None, verdict: Verdict | None
) -> SuppressionRecord | None:
    if verdict is None:
        return None
    return SuppressionRecord(
        id=stored.id if stored else _new_id(verdict.since),
        clinic_id=place.clinic_id,
        address_hash=stored.address_hash if stored else place.address.hash,
        # An entry without one was erased, and stays so.
        address_sealed=stored.address_sealed if stored else place.address.sealed or None,
        reason=verdict.reason,
        since=verdict.since,
        until=verdict.until,
    )


def _new_id(since: int) -> str:
    """Return an id of 32 digits that begins with the time: new ones go to the end of the ids' index."""
    return f"{since:012x}{secrets.token_hex(10)}"


def _hashes(places: Iterable[Place]) -> set[str]:
    return {found for place in places for found in place.address.hashes}


def _by_place(found: Iterable[R]) -> Mapping[tuple[str | None, str], list[R]]:
    by_place: dict[tuple[str | None, str], list[R]] = {}
    for record in found:
        by_place.setdefault((record.clinic_id, record.hash), []).append(record)
    return by_place


def _of_place(found: Mapping[tuple[str | None, str], list[R]], place: Place) -> list[R]:
    return [record for each in place.address.hashes for record in found.get((place.clinic_id, each), ())]
