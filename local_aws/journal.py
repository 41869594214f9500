"""What became of each delivery, for the demonstration and for tests."""

import threading
from collections import deque
from dataclasses import dataclass, replace

_KEPT = 10_000


@dataclass(frozen=True)
class Delivery:
    message_id: str
    topic_arn: str
    endpoint: str
    attempts: int = 0
    status: str = "retrying"  # or "delivered", "dead_lettered", "dropped"
    last_status_code: int | None = None
    last_body: str | None = None

    def as_json(self) -> dict[str, str | int | None]:
        return {
            "messageId": self.message_id,
            "topicArn": self.topic_arn,
            "endpoint": self.endpoint,
            "attempts": self.attempts,
            "status": self.status,
            "lastStatusCode": self.last_status_code,
            "lastBody": self.last_body,
        }


class Journal:
    """Keeps the last deliveries; a delivery has a slot of its own, which its tries overwrite."""

    def __init__(self) -> None:
        self._slots: deque[list[Delivery]] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def open(self, delivery: Delivery) -> list[Delivery]:
        slot = [delivery]
        with self._lock:
            self._slots.appendleft(slot)
        return slot

    def newest_first(self) -> list[Delivery]:
        with self._lock:
            return [replace(slot[0]) for slot in self._slots]
