"""`python -m config_service replay`, on a queue of SQS and a webhook over HTTP."""

import logging
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config_service.__main__ import main
from config_service.commands import replay as command

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture(autouse=True)
def _surroundings(no_var: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Name a database that does not exist, and leave root logger and signals as they were."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    logger = logging.getLogger()
    before = logger.level, logger.handlers[:]
    yield
    logger.level, logger.handlers[:] = before


@pytest.fixture
def replay(queue: Any, hook: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what runs the command, and returns its exit code and what it printed."""

    def run(*options: str) -> tuple[int, str]:
        code = main(["replay", "--queue", queue.url, "--webhook", hook.url, *options])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def test_every_message_is_posted_as_sns_posts_it_and_leaves_the_queue(
    queue: Any, hook: Any, replay: Any
) -> None:
    wanted = {queue.put() for _ in range(3)}

    code, printed = replay()

    assert code == 0
    assert printed.splitlines() == [
        "About 3 messages wait in the queue.",
        "replayed 3: 3 recorded; 0 left in the queue",
        "The end: the queue is empty.",
    ]
    assert queue.counts() == (0, 0)
    assert {headers["x-amz-sns-message-id"] for headers, _ in hook.posts} == wanted
    for headers, body in hook.posts:
        assert headers["content-type"] == "text/plain; charset=UTF-8"
        assert headers["x-amz-sns-message-type"] == "Notification"
        assert headers["x-amz-sns-topic-arn"] == "arn:aws:sns:us-east-1:123456789012:ses-events"
        assert body.startswith(b'{\n  "Type": "Notification",\n')  # byte for byte, as it was signed and kept


def test_run_twice_it_does_nothing(queue: Any, hook: Any, replay: Any) -> None:
    queue.put()
    assert replay()[0] == 0
    code, printed = replay()
    assert (code, len(hook.posts)) == (0, 1)
    assert "replayed 0: none taken; 0 left in the queue" in printed


def test_what_is_refused_stays_and_is_listed_by_its_code(queue: Any, hook: Any, replay: Any) -> None:
    names = [queue.put() for _ in range(4)]
    for code in ("bad_signature", "unknown_topic", "bad_signature"):
        hook.answer(403, code)

    code, printed = replay()

    assert code == 1
    assert queue.counts() == (3, 0)  # to be received at once: nothing is left hidden
    assert len(hook.posts) == 4
    assert "2 bad_signature (403): About bad_signature.\n" in printed
    assert "1 unknown_topic (403): About unknown_topic.\n" in printed
    refused = [name for name in names if f"\n    {name}\n" in printed]
    assert len(refused) == 3
    assert "replayed 4: 1 recorded; 3 left in the queue\nThe end: the queue is empty.\n" in printed


@pytest.mark.parametrize(
    ("status", "document", "named"),
    [
        (200, b"<html>Welcome</html>", "http_200 (200)"),
        (200, {"success": True}, "http_200 (200)"),
        (200, {"success": False, "result": "recorded"}, "http_200 (200)"),
        (200, ["recorded"], "http_200 (200)"),
        (204, b"", "http_204 (204)"),
        (301, b"", "http_301 (301)"),
        (404, {"success": False, "code": "not_found", "message": "There is nothing at this path."}, "not_found (404)"),
        (413, b"", "http_413 (413)"),
    ],
)  # fmt: skip
def test_nothing_is_deleted_but_on_the_webhooks_own_200(
    status: int, document: Any, named: str, queue: Any, hook: Any, replay: Any
) -> None:
    queue.put()
    hook.script.append((status, document, {"Location": hook.url}))
    code, printed = replay()
    assert (code, queue.counts(), len(hook.posts)) == (1, (1, 0), 1)
    assert f"1 {named}: " in printed


@pytest.mark.parametrize("status", [503, 500, 502, 429])
def test_a_message_that_the_webhook_has_no_time_for_is_tried_again_as_it_says(
    status: int, queue: Any, hook: Any, replay: Any
) -> None:
    queue.put()
    for _ in range(3):
        hook.answer(status, "try_later", Retry_After="0")
    code, printed = replay()
    assert (code, queue.counts(), len(hook.posts)) == (0, (0, 0), 4)
    assert printed.count("The webhook cannot decide now; waiting 0 s.") == 3


def test_after_four_tries_it_is_left(queue: Any, hook: Any, replay: Any) -> None:
    queue.put()
    for _ in range(4):
        hook.answer(503, "config_service_unavailable", Retry_After="0")
    code, printed = replay()
    assert (code, queue.counts(), len(hook.posts)) == (1, (1, 0), 4)
    assert "1 config_service_unavailable (503): About config_service_unavailable." in printed


def test_with_the_webhook_away_the_run_ends_after_three_messages(queue: Any, hook: Any, replay: Any) -> None:
    for _ in range(5):
        queue.put()
    hook.close()
    code, printed = replay()
    assert (code, queue.counts()) == (1, (5, 0))
    assert "3 no_answer (no status): ConnectionError at " in printed
    assert "The end: the webhook cannot take messages now; run it again later." in printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_message_at_hand_be_finished(
    number: signal.Signals, queue: Any, hook: Any, replay: Any
) -> None:
    before = signal.getsignal(number)
    for _ in range(3):
        queue.put()
    hook.when_posted = lambda: os.kill(os.getpid(), number)

    code, printed = replay()

    assert (code, len(hook.posts), queue.counts()) == (0, 1, (2, 0))
    assert "replayed 1: 1 recorded; 0 left in the queue\nThe end: it was stopped." in printed
    assert signal.getsignal(number) is before


def test_a_signal_ends_a_pause(queue: Any, hook: Any, replay: Any) -> None:
    queue.put()
    hook.answer(503, "try_later", Retry_After="3600")
    hook.when_posted = lambda: os.kill(os.getpid(), signal.SIGTERM)
    code, printed = replay()
    assert (code, len(hook.posts), queue.counts()) == (1, 1, (1, 0))
    assert "waiting 60 s" in printed  # however long the webhook would have it


def test_a_dry_run_counts_and_groups_and_changes_nothing(queue: Any, hook: Any, replay: Any) -> None:
    for error in ("503", "503", "ConnectionError"):
        queue.put(error_code=error)
    queue.put(Type="SubscriptionConfirmation", Token="t", SubscribeURL="u")
    queue.put("no envelope", error_code="")

    code, printed = replay("--dry-run")

    assert (code, hook.posts, queue.counts()) == (0, [], (5, 0))
    topic = "arn:aws:sns:us-east-1:123456789012:ses-events"
    first, *groups, last = printed.splitlines()
    assert first == "About 5 messages wait in the queue."
    assert groups[0] == f"2 Notification of {topic}, given up by SNS with 503"
    assert sorted(groups[1:]) == [
        f"1 Notification of {topic}, given up by SNS with ConnectionError",
        f"1 SubscriptionConfirmation of {topic}, given up by SNS with 503",
        "1 not of SNS of -, given up by SNS with -",
    ]
    assert last == "Looked at 5: the queue is empty. Nothing was changed."


def test_what_is_no_message_of_sns_is_put_to_the_webhook_all_the_same(
    queue: Any, hook: Any, replay: Any
) -> None:
    queue.put("Überraschung")
    hook.answer(400, "not_an_sns_message")
    code, printed = replay()
    [(headers, body)] = hook.posts
    assert (code, body.decode(), queue.counts()) == (1, "Überraschung", (1, 0))
    assert not [name for name in headers if name.startswith("x-amz-sns")]
    assert "1 not_an_sns_message (400)" in printed
    assert "    not of SNS, " in printed


def test_a_limit_is_kept(queue: Any, hook: Any, replay: Any) -> None:
    for _ in range(3):
        queue.put()
    code, printed = replay("--limit", "2")
    assert (code, len(hook.posts), queue.counts()) == (0, 2, (1, 0))
    assert "The end: as many messages were looked at as were asked for." in printed


def test_progress_is_shown(queue: Any, hook: Any, replay: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PROGRESS", 2)
    for _ in range(5):
        queue.put()
    printed = replay()[1]
    assert [line.partition(":")[0] for line in printed.splitlines()[1:-1]] == [
        "replayed 2",
        "replayed 4",
        "replayed 5",
    ]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"--queue": "https://sqs.us-east-1.amazonaws.com/123456789012/gone"}, "NonExistentQueue"),
        ({"--queue": "https://queue.example/123456789012/q"}, "You must specify a region"),
        ({"--queue": "https://queue.example/123456789012/q", "--region": "no region"}, "no region"),
        ({"--webhook": "webhook:8002"}, "no http or https URL"),
    ],
    ids=["gone", "no region", "bad region", "bad webhook"],
)
def test_what_cannot_be_used_is_one_line_that_says_what_to_do(
    changes: dict[str, str], named: str, queue: Any, hook: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"--queue": queue.url, "--webhook": hook.url, **changes}
    code = main(["replay", *[word for option in options.items() for word in option]])
    printed = capsys.readouterr()
    assert (code, printed.out) == (1, "")
    (line,) = printed.err.splitlines()
    assert named in line
    assert "Check --queue" in line or "Give the subscription's URL" in line
