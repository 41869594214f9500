"""Replays a dead-letter queue: hands every message to the webhook again, and says what became of it.

A message leaves the queue only once the webhook has taken it. Recording is idempotent, so a message that
was taken and could not be deleted does no harm when it comes again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from config_service.providers.dead_letter_queue import DeadLetter
from config_service.providers.webhook_posting import WebhookAnswer

TRIES = 4  # of a message, the first one included: as many as SNS makes
PAUSE = 5  # seconds between two of them, where the webhook names none
LONGEST_PAUSE = 60  # seconds
GIVE_UP_AFTER = 3  # messages in a row for which the webhook has no time

EMPTY = "the queue is empty"
LIMIT = "as many messages were looked at as were asked for"
STOPPED = "it was stopped"
SEEN_TWICE = "a message came for the second time; what is left can be replayed by another run"
UNAVAILABLE = "the webhook cannot take messages now; run it again later"


class DeadLetterQueue(Protocol):
    """Where SNS puts what it gives up."""

    def waiting(self) -> int:
        """Return about how many messages can be received now."""

    def receive(self) -> DeadLetter | None:
        """Return a message, hidden from others for some minutes, or None where none waits."""

    def delete(self, letter: DeadLetter) -> None:
        """Take a message out for good."""

    def put_back(self, letter: DeadLetter) -> None:
        """Let a message be received again at once."""


class Webhook(Protocol):
    """What takes messages."""

    def post(self, letter: DeadLetter) -> WebhookAnswer:
        """Post a message as SNS does."""


@dataclass(slots=True)
class ReplayReport:
    """What became of the messages so far, and in `ended` why there are no more."""

    taken: Counter[str] = field(default_factory=Counter)  # by the webhook's result
    left: list[tuple[DeadLetter, WebhookAnswer]] = field(default_factory=list)
    ended: str = ""

    @property
    def count(self) -> int:
        """How many messages were dealt with."""
        return self.taken.total() + len(self.left)


class Replay:
    """One run over a queue, which is used for one run only."""

    def __init__(
        self,
        queue: DeadLetterQueue,
        webhook: Webhook,
        *,
        stopped: Callable[[], bool],
        pause: Callable[[float], bool],
    ) -> None:
        """Take the two ends; `stopped` tells whether to end, `pause` waits some seconds and tells it too."""
        self._queue = queue
        self._webhook = webhook
        self._stopped = stopped
        self._pause = pause
        self._seen: set[str] = set()
        self.report = ReplayReport()

    def waiting(self) -> int:
        """Return about how many messages can be received now."""
        return self._queue.waiting()

    def run(self, limit: int | None = None) -> Iterator[ReplayReport]:
        """Post up to `limit` messages and yield the report after each; what was not taken is put back.

        Raise what the queue raises.
        """
        in_a_row = 0
        try:
            while letter := self._next(limit):
                answer = self._post(letter)
                if answer.taken:
                    self._queue.delete(letter)
                    self.report.taken[answer.code] += 1
                else:
                    self.report.left.append((letter, answer))
                yield self.report
                in_a_row = in_a_row + 1 if answer.is_temporary else 0
                if in_a_row == GIVE_UP_AFTER:
                    self.report.ended = UNAVAILABLE
                    return
        finally:
            for letter, _ in self.report.left:
                self._queue.put_back(letter)

    def survey(self, limit: int | None = None) -> Counter[tuple[str, str, str]]:
        """Count up to `limit` messages by topic, type and SNS's ErrorCode; all stay in the queue."""
        found: Counter[tuple[str, str, str]] = Counter()
        received = []
        try:
            while letter := self._next(limit):
                received.append(letter)
                envelope = letter.envelope
                topic, kind = (envelope.topic_arn, envelope.type) if envelope else ("-", "not of SNS")
                found[topic, kind, letter.error_code or "-"] += 1
        finally:
            for letter in received:
                self._queue.put_back(letter)
        return found

    def _next(self, limit: int | None) -> DeadLetter | None:
        """Return the next message, or None with the reason in the report."""
        if self._stopped():
            self.report.ended = STOPPED
        elif limit is not None and len(self._seen) >= limit:
            self.report.ended = LIMIT
        elif (letter := self._queue.receive()) is None:
            self.report.ended = EMPTY
        elif letter.id in self._seen:
            self._queue.put_back(letter)
            self.report.ended = SEEN_TWICE
        else:
            self._seen.add(letter.id)
            return letter
        return None

    def _post(self, letter: DeadLetter) -> WebhookAnswer:
        """Post a message until it is taken or refused, or the tries are over."""
        for left in reversed(range(TRIES)):
            answer = self._webhook.post(letter)
            pause = PAUSE if answer.retry_after is None else min(answer.retry_after, LONGEST_PAUSE)
            if answer.taken or not answer.is_temporary or not left or self._pause(pause):
                break
        return answer
