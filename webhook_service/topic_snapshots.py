"""What config_service last answered about topics, and when it may be asked again."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from shared.internal_api import Topic
from webhook_service.config_client import ConfigClient
from webhook_service.errors import TopicsBusyError
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


SHARED = TopicOwner(Ownership.SHARED)


@dataclass(frozen=True, slots=True)
class TopicSnapshot:
    """The clinics' topics as the question with this `number` found them."""

    owners: Mapping[str, TopicOwner]
    etag: str | None
    asked_at: float
    number: int

    def decides(self, topic_arn: str, asked_before: int) -> bool:
        """Tell whether this answers for `topic_arn`: it is there, or the question came after the first ones.

        A topic may have been saved while an earlier question was under way.
        """
        return topic_arn in self.owners or self.number > asked_before


class TopicSnapshots:
    """Asks for the topics, one question at a time, and keeps the last answer; safe between threads."""

    def __init__(self, client: ConfigClient, clock: Callable[[], float]) -> None:
        """Take whom to ask and a clock in seconds."""
        self._client = client
        self._clock = clock
        self._latest: TopicSnapshot | None = None
        self._asked_at = -math.inf
        self._questions: SingleFlight[str, TopicSnapshot] = SingleFlight()
        self.times_asked = 0  # counted when a question begins, whatever becomes of it

    def fresh(self) -> TopicSnapshot | None:
        """Return the last answer, or None where it no longer counts."""
        latest = self._latest
        return latest if latest and self._clock() - latest.asked_at < MAX_AGE else None

    def next_turn(self) -> float:
        """Return the time from which a topic that the answer lacks may be asked for."""
        return self._asked_at + MISS_INTERVAL

    def refreshed(self) -> TopicSnapshot:
        """Return the answer to a question that is asked now, or that another thread has under way."""
        return self._questions.do("topics", self._ask)

    def refreshed_in_turn(self, asked_before: int) -> TopicSnapshot:
        """Return as `refreshed`; ask nothing where an answer after `asked_before` came meanwhile.

        Raise TopicsBusyError where a question that failed meanwhile took the turn.
        """
        return self._questions.do("topics", lambda: self._ask_in_turn(asked_before))

    def _ask_in_turn(self, asked_before: int) -> TopicSnapshot:
        if self._latest and self._latest.number > asked_before:
            return self._latest
        if self._clock() < self.next_turn():
            raise TopicsBusyError("config_service was asked for the topics a moment ago, and did not tell.")
        return self._ask()

    def _ask(self) -> TopicSnapshot:
        before = self._latest
        self._asked_at = asked_at = self._clock()
        self.times_asked = number = self.times_asked + 1  # only one thread at a time comes here
        etag, topics = self._client.topics(before.etag if before else None)
        if topics is None and before:
            snapshot = replace(before, asked_at=asked_at, number=number)
        else:
            snapshot = TopicSnapshot(_owners(topics or []), etag, asked_at, number)
        self._latest = snapshot
        return snapshot


def _owners(topics: Iterable[Topic]) -> dict[str, TopicOwner]:
    return {topic.topic_arn: _owner(topic.clinic_ids) for topic in topics if topic.clinic_ids}


def _owner(clinic_ids: tuple[str, ...]) -> TopicOwner:
    if len(clinic_ids) == 1:
        return TopicOwner(Ownership.CLINIC, clinic_ids[0])
    return TopicOwner(Ownership.CONTESTED)
