"""How many events may be held of one topic, so that somebody's flood cannot fill the database."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from config_service.storage.held_events import HeldEventRepository

log = structlog.get_logger(__name__)

_FRESH = 5.0  # seconds for which a count is believed, to which what this process adds is added


@dataclass(slots=True)
class _Count:
    held: int
    at: float


class HeldCeiling:
    """Knows of each topic about how many of its events are held.

    Counting for every event would cost what the ceiling is there to save: processes that hold events of one
    topic at the same time may pass it together by what they add within five seconds.
    """

    def __init__(
        self, held: HeldEventRepository, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take where events are held, how many of one topic may be, and a clock in seconds."""
        self._held = held
        self._most = most
        self._clock = clock
        self._counts: dict[str, _Count] = {}  # the topics are those of the settings and of clinics
        self._lock = threading.Lock()

    def has_room(self, topic_arn: str) -> bool:
        """Whether one more event of the topic may be held; where it may, it is counted."""
        with self._lock:
            count = self._counts.get(topic_arn)
        if count is None or self._clock() - count.at >= _FRESH:
            count = self._counted(topic_arn)
        with self._lock:
            has_room = count.held < self._most
            count.held += has_room
        return has_room

    def _counted(self, topic_arn: str) -> _Count:
        count = _Count(self._held.count_of(topic_arn, self._most), self._clock())
        if count.held >= self._most:
            log.error("no more events of a topic are held: assign or dismiss some", topicArn=topic_arn)
        with self._lock:
            self._counts[topic_arn] = count
        return count
