"""Keeps the suppression list equal to what the rules make of each address's history."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from config_service.clock import DAY
from config_service.services.addresses import StoredAddress
from config_service.services.suppression_rules import (
    COMPLAINT,
    DELIVERY,
    PERMANENT,
    REASON_SOFT_BOUNCE,
    SOFT,
    SOFT_BOUNCE_WINDOW,
    Fact,
    decide,
)
from config_service.storage.records import EventRecord, SuppressionRecord
from config_service.storage.repositories import Repositories


class SuppressionState:
    """Decides on addresses, inside the caller's transaction."""

    def __init__(self, repositories: Repositories, soft_bounce_limit: int) -> None:
        """Take the repositories, and how many soft bounces in a row suppress."""
        self._repositories = repositories
        self._limit = soft_bounce_limit

    def settle(self, clinic_id: str | None, address: StoredAddress) -> SuppressionRecord | None:
        """Decide on one address of one list, store that, and return the entry if it is on the list."""
        suppressions = self._repositories.suppressions
        verdict = decide(self.facts(clinic_id, address.hashes), self._limit)
        if verdict is None:
            suppressions.remove(clinic_id, address.hashes)
            return None
        stored = suppressions.find(clinic_id, address.hashes)
        entry = SuppressionRecord(
            id=stored.id if stored else uuid.uuid4().hex,
            clinic_id=clinic_id,
            address_hash=stored.address_hash if stored else address.hash,
            address_sealed=(stored.address_sealed if stored else None) or address.sealed,
            reason=verdict.reason,
            since=verdict.since,
            until=verdict.until,
        )
        suppressions.save(entry)
        return entry

    def settle_delivery(self, clinic_id: str | None, address: StoredAddress, at: int) -> None:
        """Decide anew after a delivery, which matters only to soft bounces around it."""
        since = at - SOFT_BOUNCE_WINDOW
        if self._repositories.events.history(clinic_id, address.hashes, [SOFT], since):
            self.settle(clinic_id, address)

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
        for scope, day in sorted(latest.items()):
            known = events.latest_delivery_day(scope)
            if known is None or known < day:
                events.note_delivery(scope, day)

    def facts(self, clinic_id: str | None, hashes: Sequence[str]) -> list[Fact]:
        """Return the history of one address on one list, deliveries only where soft bounces are in it."""
        events = self._repositories.events
        found = events.history(clinic_id, hashes, [COMPLAINT, PERMANENT, SOFT])
        if soft := [event.at for event in found if event.effect == SOFT]:
            found += events.history(clinic_id, hashes, [DELIVERY], min(soft))
        acts = self._repositories.suppressions.acts(clinic_id, hashes)
        return [_fact(event) for event in found] + [
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
