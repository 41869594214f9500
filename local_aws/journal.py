"""What became of each delivery, for the demonstration and for tests."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Literal

_KEPT = 10_000
Status = Literal["delivered", "retrying", "dead_lettered", "dropped"]


@dataclass
class Delivery:
    """One message on its way to one endpoint; the tries update it in place."""

    message_id: str
    topic_arn: str
    endpoint: str
    attempts: int = 0
    status: Status = "retrying"
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
    def __init__(self) -> None:
        self._deliveries: deque[Delivery] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def add(self, delivery: Delivery) -> None:
        with self._lock:
            self._deliveries.appendleft(delivery)

    def newest_first(self) -> list[Delivery]:
        with self._lock:
            return list(self._deliveries)
