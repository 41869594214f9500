"""How a run over a queue ends, where SQS does what it seldom does."""

from collections.abc import Iterator

import pytest

from config_service.providers.dead_letter_queue import DeadLetter, DeadLetterQueueError
from config_service.providers.webhook_posting import WebhookAnswer
from config_service.services.replay import SEEN_TWICE, UNAVAILABLE, Replay

TAKEN = WebhookAnswer(200, "recorded", taken=True)
REFUSED = WebhookAnswer(403, "bad_signature")
LATER = WebhookAnswer(503, "try_later", retry_after=20)


class Queue:
    """Hands out letters in the order of their ids, however often one is named."""

    def __init__(self, *ids: str) -> None:
        self.ids = list(ids)
        self.deleted: list[str] = []
        self.put_back_ids: list[str] = []
        self.fails = False

    def waiting(self) -> int:
        return len(self.ids)

    def receive(self) -> DeadLetter | None:
        return DeadLetter(self.ids[0], "receipt", self.ids.pop(0)) if self.ids else None

    def delete(self, letter: DeadLetter) -> None:
        if self.fails:
            raise DeadLetterQueueError("SQS is away.")
        self.deleted.append(letter.id)

    def put_back(self, letter: DeadLetter) -> None:
        self.put_back_ids.append(letter.id)


class Webhook:
    """Answers what is written down for a letter, else that it is recorded."""

    def __init__(self, **answers: WebhookAnswer) -> None:
        self.answers = answers
        self.posted: list[str] = []

    def post(self, letter: DeadLetter) -> WebhookAnswer:
        self.posted.append(letter.id)
        return self.answers.get(letter.id, TAKEN)


@pytest.fixture
def pauses() -> list[float]:
    return []


def replay(queue: Queue, webhook: Webhook, pauses: list[float]) -> Replay:
    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return False

    return Replay(queue, webhook, stopped=lambda: False, pause=pause)


def ran(found: Replay) -> str:
    for _ in found.run():
        pass
    return found.report.ended


@pytest.mark.parametrize("answer", [TAKEN, REFUSED], ids=["taken", "refused"])
def test_a_message_that_comes_twice_ends_the_run(answer: WebhookAnswer, pauses: list[float]) -> None:
    queue, webhook = Queue("a", "b", "a", "c"), Webhook(a=answer)
    assert ran(replay(queue, webhook, pauses)) == SEEN_TWICE
    assert webhook.posted == ["a", "b"]
    assert queue.ids == ["c"]
    assert "a" in queue.put_back_ids


def test_three_messages_in_a_row_without_a_decision_end_the_run(pauses: list[float]) -> None:
    queue = Queue("a", "b", "c", "d", "e", "f", "g")
    webhook = Webhook(a=LATER, b=LATER, c=REFUSED, d=LATER, e=LATER, f=LATER)
    assert ran(replay(queue, webhook, pauses)) == UNAVAILABLE
    assert [len([each for each in webhook.posted if each == name]) for name in "abcdefg"] == [
        4,
        4,
        1,
        4,
        4,
        4,
        0,
    ]
    assert pauses == [20] * 15  # none after a message's last try
    assert queue.put_back_ids == ["a", "b", "c", "d", "e", "f"]
    assert queue.deleted == []


def test_what_was_refused_is_put_back_though_the_queue_fails_later(pauses: list[float]) -> None:
    queue = Queue("a", "b")
    found = replay(queue, Webhook(a=REFUSED), pauses)
    steps: Iterator[object] = found.run()
    next(steps)
    queue.fails = True
    with pytest.raises(DeadLetterQueueError):
        next(steps)
    assert queue.put_back_ids == ["a"]
    assert found.report.count == 1
