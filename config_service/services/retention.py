"""Removes events that are older than the operator wants to keep, and changes no decision by it.

A soft bounce or a delivery matters for SOFT_BOUNCE_MEMORY at the most, and nothing younger is removed. A
permanent bounce or a complaint suppresses until somebody removes the entry: where one goes, the fact alone
stays, as an act of the same reason at the same time. Events of test emails stay, for they are its outcome.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from config_service.clock import DAY, Clock
from config_service.services.suppression_rules import REASON_OF
from config_service.storage.old_events import OldEvent
from config_service.storage.records import ActRecord
from config_service.storage.repositories import Repositories

ACTOR = "service:retention"
PAGE = 500  # events a transaction: some ms, in which writers of the same addresses wait
_PAUSE = 0.05  # seconds between two transactions, so that SQLite's other writers come in
_PAGES_AT_ONCE = 40  # of a sweep


@dataclass(frozen=True, slots=True)
class Purged:
    """How many events were looked at so far, and how many of them were removed (or would be)."""

    seen: int
    removed: int


class Retention:
    """Works on the recorded events; held ones wait for a person and are never removed here."""

    def __init__(self, repositories: Repositories, clock: Clock, days: int | None) -> None:
        """Take for how many `days` events are kept; None keeps them."""
        self._repositories = repositories
        self._clock = clock
        self._days = days

    def held(self) -> int:
        """Return how many held events are older than that."""
        return self._repositories.old_events.held_before(self._cutoff())

    def sweep(self) -> int:
        """Remove a bounded part of what is due and return how many events that were."""
        return max((purged.removed for purged in self.run(pages=_PAGES_AT_ONCE)), default=0)

    def run(self, pages: int | None = None, *, dry: bool = False) -> Iterator[Purged]:
        """Remove all that is due, or what is on so many pages; yield how far it is after each transaction.

        It may be interrupted and run at the same time as others. `dry` counts and removes nothing.
        """
        if self._days is None:
            return
        seen = removed = after = done = 0
        while pages is None or done < pages:
            if done and not dry:
                time.sleep(_PAUSE)
            page, due = self._page(after, dry=dry)
            if not any(event.received_at < self._cutoff() for event in page):
                return
            seen, removed, after, done = seen + len(page), removed + len(due), page[-1].id, done + 1
            yield Purged(seen, removed)
            if len(page) < PAGE:
                return

    def _cutoff(self) -> int:
        return max(0, self._clock() - (self._days or 0) * DAY)

    def _page(self, after: int, *, dry: bool) -> tuple[Sequence[OldEvent], Sequence[OldEvent]]:
        old = self._repositories.old_events
        if dry:
            page = old.page(after, PAGE)
            return page, self._due(page)
        with self._repositories.database.transaction():
            old.lock()
            page = old.page(after, PAGE)
            due = self._due(page)
            self._repositories.suppressions.lock(
                (event.clinic_id, [event.recipient_hash]) for event in due if event.effect
            )
            old.remove([event.id for event in due])
            self._keep_facts(due)
        return page, due

    def _due(self, page: Sequence[OldEvent]) -> list[OldEvent]:
        """Both times count: what was reported late may come again late."""
        cutoff = self._cutoff()
        return [event for event in page if max(event.at, event.received_at) < cutoff and not event.of_test]

    def _keep_facts(self, due: Sequence[OldEvent]) -> None:
        """Write down why an address is suppressed, and since when, in place of the events that said so."""
        suppressions = self._repositories.suppressions
        telling = sorted((event for event in due if event.effect in REASON_OF), key=lambda event: event.at)
        acts = suppressions.acts_on({event.recipient_hash for event in telling}) if telling else []
        for event in telling:
            fact = ActRecord(
                event.clinic_id,
                event.recipient_hash,
                "add",
                event.at,
                ACTOR,
                REASON_OF[event.effect],
                address_sealed=event.recipient_sealed,
            )
            if not _is_known(fact, acts):
                suppressions.add_act(fact)
                acts.append(fact)


def _is_known(fact: ActRecord, acts: Sequence[ActRecord]) -> bool:
    """Whether a fact says nothing beside these acts: it was removed since, or is known from before."""
    same = [act for act in acts if (act.clinic_id, act.address_hash) == (fact.clinic_id, fact.address_hash)]
    removed = max((act.at for act in same if act.action == "remove"), default=-1)
    adds = [act.at for act in same if act.action == "add" and act.reason == fact.reason and act.at > removed]
    return fact.at <= removed or min(adds, default=fact.at + 1) <= fact.at
