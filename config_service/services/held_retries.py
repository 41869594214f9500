"""Tries events that wait for their clinic again, once the mapping may know more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog

from config_service.services.arrivals import question_of_record
from config_service.services.clinic_mapping import (
    RULE_DOMAIN,
    RULE_SOURCE,
    RULE_TAG,
    RULE_TOPIC,
    ClinicMapping,
    Mapping,
)
from config_service.services.feedback import FeedbackService
from config_service.services.stored_arrivals import StoredArrivals
from config_service.storage.records import HeldEventRecord
from config_service.storage.repositories import Repositories
from shared.addresses import domain_of
from shared.errors import ServiceError
from shared.internal_api import RecordResult
from shared.ses import UNREADABLE

log = structlog.get_logger(__name__)

_PAGE = 200
_AT_ONCE = 100  # handled in a request; the sweep does the rest
_TOGETHER = 20  # applied in one transaction: some ten ms, in which those who record wait
_CLAIMED = {RULE_TOPIC, RULE_SOURCE, RULE_DOMAIN, RULE_TAG}  # rules that rest on what a clinic wrote down

_Found = tuple[HeldEventRecord, Mapping]


@dataclass(frozen=True, slots=True)
class HeldRetries:
    """Applies held events that have found their clinic."""

    repositories: Repositories
    mapping: ClinicMapping
    feedback: FeedbackService
    stored: StoredArrivals

    def retry(self) -> int:
        """Ask the mapping again about every held event and return how many have been applied."""
        applied, after = 0, 0
        while page := self.repositories.held.page(after, _PAGE):
            applied += self._retry_all(page)
            after = page[-1].id or after
        return applied

    def retry_clinic(self, clinic_id: str) -> int:
        """Ask again about events that name an address or topic of this clinic; return how many applied."""
        values = [identity.value for identity in self.repositories.clinics.identities_of(clinic_id)]
        return self._retry_all(self.repositories.held.naming(values, _AT_ONCE))

    def retry_message(self, mail_message_id: str) -> int:
        """Ask again about the held events of one message; return how many applied."""
        return self._retry_all(self.repositories.held.of_message(mail_message_id, _AT_ONCE))

    def apply(self, found: Sequence[_Found]) -> list[RecordResult]:
        """Record held events for their clinics, inside the caller's transaction, and return the results.

        Those that another process has applied meanwhile have none.
        """
        arrivals = [(held, self.stored.of(held, mapping)) for held, mapping in found]
        self.repositories.suppressions.lock(
            (arrival.mapping.clinic_id, arrival.address.hashes) for _, arrival in arrivals
        )
        there = [(held, arrival) for held, arrival in arrivals if self._is_there(held)]
        results = self.feedback.place([arrival for _, arrival in there])
        for held, _ in there:
            self.repositories.held.remove(held.id or 0)
        return results

    def _retry_all(self, events: list[HeldEventRecord]) -> int:
        # Most still wait, which is found out without the write lock.
        answerable = [held for held in self._answerable(events) if self._found(held) is not None]
        return sum(self._retry_some(some) for some in _in_parts(answerable))

    def _retry_some(self, events: Sequence[HeldEventRecord]) -> int:
        """Apply `events` in one transaction or, where one of them fails, each in its own."""
        try:
            return self._retry_together(events)
        except ServiceError as error:
            self.repositories.database.ping()  # where the database is away, none of them can be applied
            if len(events) > 1:
                return sum(self._retry_some([event]) for event in events)
            # It waits, for its key say; the others need not.
            log.warning("a held event cannot be applied", heldEvent=events[0].id, code=error.code)
            return 0

    def _retry_together(self, events: Sequence[HeldEventRecord]) -> int:
        with self.repositories.database.transaction():
            found = [(held, mapping) for held in events if (mapping := self._found(held))]
            return len(self.apply(found))

    def _answerable(self, events: list[HeldEventRecord]) -> list[HeldEventRecord]:
        """Return those that the mapping finds a clinic for: a few queries for all of them tell so."""
        readable = [event for event in events if event.kind != UNREADABLE]
        mappings = self.mapping.find_all([question_of_record(event) for event in readable])
        return [event for event, mapping in zip(readable, mappings, strict=True) if not mapping.held]

    def _found(self, held: HeldEventRecord) -> Mapping | None:
        mapping = self.mapping.find(question_of_record(held))
        proven = not mapping.held and self._is_proven(mapping, held.source, held.topic_arn)
        return mapping if proven else None

    def _is_there(self, held: HeldEventRecord) -> bool:
        return held.id is not None and self.repositories.held.get(held.id) is not None

    def _is_proven(self, mapping: Mapping, source: str | None, topic_arn: str) -> bool:
        """Old events are not handed to a clinic on the word of its own administrator alone."""
        if mapping.clinic_id is None or mapping.rule not in _CLAIMED:
            return True
        unproven = self.repositories.clinics.unproven(mapping.clinic_id)
        if mapping.rule == RULE_TOPIC:
            return topic_arn not in unproven
        if mapping.rule != RULE_DOMAIN:
            return source not in unproven
        users = self.repositories.clinics.users_of_domain(domain_of(source or ""))
        return any(user.value not in unproven for user in users)


def _in_parts(events: Sequence[HeldEventRecord]) -> Iterator[Sequence[HeldEventRecord]]:
    for start in range(0, len(events), _TOGETHER):
        yield events[start : start + _TOGETHER]
