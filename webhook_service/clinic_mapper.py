"""Which topics are ours, and whose: a snapshot of config_service's answer that is at most 5 s old.

Which clinic an event belongs to is decided by config_service, in the transaction that records it.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from shared.internal_api import Topic
from webhook_service.config_client import ConfigClient
from webhook_service.single_flight import SingleFlight

MAX_AGE = 5.0  # seconds for which an answer counts
MISS_INTERVAL = 1.0  # seconds between two questions for topics that the answer lacks


class Ownership(Enum):
    """How a topic is ours."""

    SHARED = "shared"
    CLINIC = "clinic"
    CONTESTED = "contested"


@dataclass(frozen=True, slots=True)
class TopicOwner:
    """Whose a known topic is: the platform's (`SHARED`), one clinic's, or claimed by several."""

    ownership: Ownership
    clinic_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Snapshot:
    owners: Mapping[str, TopicOwner]
    etag: str | None
    asked_at: float


_SHARED = TopicOwner(Ownership.SHARED)


class ClinicMapper:
    """Finds the owner of a topic; safe to share between threads."""

    def __init__(
        self,
        shared_topic_arns: Iterable[str],
        client: ConfigClient,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the platform's topics, whom to ask for the clinics', and a clock in seconds."""
        self._shared = frozenset(shared_topic_arns)
        self._client = client
        self._clock = clock
        self._snapshot: _Snapshot | None = None
        self._refreshes: SingleFlight[str, _Snapshot] = SingleFlight()

    def find(self, topic_arn: str) -> TopicOwner | None:
        """Return the owner of `topic_arn`, or None where nobody knows it.

        Raise InternalCallError or InternalRefusedError where that cannot be told now: an answer older than
        MAX_AGE is never used, since a clinic may have given its topic up.
        """
        if topic_arn in self._shared:
            return _SHARED
        snapshot = self._snapshot
        age = self._clock() - snapshot.asked_at if snapshot else MAX_AGE
        if snapshot and age < MAX_AGE:
            owner = snapshot.owners.get(topic_arn)
            if owner or age < MISS_INTERVAL:
                return owner
        return self._refreshed().owners.get(topic_arn)

    def refresh(self) -> None:
        """Ask config_service now; raise InternalCallError or InternalRefusedError where it does not tell."""
        self._refreshed()

    def _refreshed(self) -> _Snapshot:
        return self._refreshes.do("topics", self._ask)

    def _ask(self) -> _Snapshot:
        before = self._snapshot
        asked_at = self._clock()
        etag, topics = self._client.topics(before.etag if before else None)
        if topics is None and before:
            snapshot = replace(before, asked_at=asked_at)
        else:
            snapshot = _Snapshot(_owners(topics or []), etag, asked_at)
        self._snapshot = snapshot
        return snapshot


def _owners(topics: Iterable[Topic]) -> dict[str, TopicOwner]:
    return {topic.topic_arn: _owner(topic.clinic_ids) for topic in topics if topic.clinic_ids}


def _owner(clinic_ids: tuple[str, ...]) -> TopicOwner:
    if len(clinic_ids) == 1:
        return TopicOwner(Ownership.CLINIC, clinic_ids[0])
    return TopicOwner(Ownership.CONTESTED)
