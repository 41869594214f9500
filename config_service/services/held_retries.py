"""Tries events that wait for their clinic again, once the mapping may know more."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

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
from config_service.services.giving_way import pages
from config_service.services.stored_arrivals import StoredArrivals
from config_service.storage.clinics import ClinicRepository
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
        waiting = self.repositories.held.among([held.id for held, _ in arrivals if held.id is not None])
        results = self.feedback.place([arrival for held, arrival in arrivals if held.id in waiting])
        self.repositories.held.remove(waiting)
        return results

    def _retry_all(self, events: Sequence[HeldEventRecord]) -> int:
        found = [held for held, _ in self._found(events)]  # most still wait: seen without the write lock
        return sum(self._retry_some(some) for some in pages(found, _TOGETHER))

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
            return len(self.apply(self._found(events)))

    def _found(self, events: Sequence[HeldEventRecord]) -> list[_Found]:
        """Return those that have a clinic now, each with it: a few queries for all of them tell so."""
        readable = [event for event in events if event.kind != UNREADABLE]
        mappings = self.mapping.find_all([question_of_record(event) for event in readable])
        proofs = _Proofs(self.repositories.clinics)
        return [
            (event, mapping)
            for event, mapping in zip(readable, mappings, strict=True)
            if not mapping.held and proofs.hold(mapping, event)
        ]


class _Proofs:
    """Whether old events may be handed to a clinic: never on the word of its own administrator alone."""

    def __init__(self, clinics: ClinicRepository) -> None:
        self._unproven = cache(clinics.unproven)
        self._users = cache(clinics.users_of_domain)

    def hold(self, mapping: Mapping, event: HeldEventRecord) -> bool:
        if mapping.clinic_id is None or mapping.rule not in _CLAIMED:
            return True
        unproven = self._unproven(mapping.clinic_id)
        if mapping.rule == RULE_TOPIC:
            return event.topic_arn not in unproven
        if mapping.rule != RULE_DOMAIN:
            return event.source not in unproven
        return any(user.value not in unproven for user in self._users(domain_of(event.source or "")))
