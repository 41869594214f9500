"""Which topics are ours, and whose: a snapshot of config_service's answer that is at most 5 s old.

Which clinic an event belongs to is decided by config_service, in the transaction that records it.
"""

import time
from collections.abc import Callable, Iterable
from threading import BoundedSemaphore

from webhook_service.config_client import ConfigClient
from webhook_service.errors import TopicsBusyError
from webhook_service.time_budget import TOPICS_WAIT
from webhook_service.topic_snapshots import SHARED, TopicOwner, TopicSnapshot, TopicSnapshots

MAX_WAITING = 2  # threads: messages of strangers' topics must not hold them all


class ClinicMapper:
    """Finds the owner of a topic; safe to share between threads."""

    def __init__(
        self,
        shared_topic_arns: Iterable[str],
        client: ConfigClient,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the platform's topics, whom to ask for the clinics', a clock and a way to wait in seconds."""
        self._shared = frozenset(shared_topic_arns)
        self._snapshots = TopicSnapshots(client, clock)
        self._clock = clock
        self._wait = wait
        self._seats = BoundedSemaphore(MAX_WAITING)

    def known(self, topic_arn: str) -> TopicOwner | None:
        """Return the owner of `topic_arn` where that can be told without asking, else None."""
        if topic_arn in self._shared:
            return SHARED
        snapshot = self._snapshots.fresh()
        return snapshot.owners.get(topic_arn) if snapshot else None

    def find(self, topic_arn: str) -> TopicOwner | None:
        """Return the owner of `topic_arn`, or None where an answer younger than this call lacks it.

        Raise InternalCallError, InternalRefusedError or TopicsBusyError where that cannot be told now: a
        snapshot that is too old is never used, since a clinic may have given its topic up.
        """
        if topic_arn in self._shared:
            return SHARED
        came_in = self._clock()
        asked_before = self._snapshots.times_asked
        snapshot = self._snapshots.fresh() or self._snapshots.refreshed()
        if not snapshot.decides(topic_arn, asked_before):
            snapshot = self._after_a_miss(topic_arn, asked_before, came_in)
        return snapshot.owners.get(topic_arn)

    def refresh(self) -> None:
        """Ask config_service now; raise InternalCallError or InternalRefusedError where it does not tell."""
        self._snapshots.refreshed()

    def _after_a_miss(self, topic_arn: str, asked_before: int, came_in: float) -> TopicSnapshot:
        if not self._seats.acquire(blocking=False):
            raise TopicsBusyError("Too many messages wait to learn whose their topic is.")
        try:
            self._wait_for_turn(came_in)
            snapshot = self._snapshots.fresh()
            if snapshot is None or not snapshot.decides(topic_arn, asked_before):
                snapshot = self._snapshots.refreshed_in_turn(asked_before)
        finally:
            self._seats.release()
        if not snapshot.decides(topic_arn, asked_before):  # it joined a question older than its message
            raise TopicsBusyError("An earlier question for the topics is still under way.")
        return snapshot

    def _wait_for_turn(self, came_in: float) -> None:
        turn = self._snapshots.next_turn()
        if max(turn, self._clock()) > came_in + TOPICS_WAIT:
            raise TopicsBusyError("It would take too long to learn whose the topic is.")
        while (pause := turn - self._clock()) > 0:
            self._wait(pause)
