"""Hand the messages in a dead-letter queue to the webhook again."""

import argparse
import signal
import time
from collections import defaultdict
from types import FrameType, TracebackType
from typing import Self

from config_service.providers.dead_letter_queue import DeadLetter, SqsDeadLetterQueue
from config_service.providers.webhook_posting import HttpWebhook
from config_service.services.replay import EMPTY, LIMIT, STOPPED, Replay, ReplayReport
from config_service.settings import ConfigSettings

HELP = "hand the messages in a subscription's dead-letter queue to the webhook again"
PROGRESS = 100  # messages from one line to the next

_LOOK = 0.2  # seconds from one look for a signal to the next


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queue", required=True, metavar="URL", help="the SQS queue's URL")
    parser.add_argument(
        "--webhook",
        required=True,
        metavar="URL",
        help="where SNS posts, such as http://webhook-service:8002/api/v1/webhooks/ses",
    )
    parser.add_argument("--region", help="the queue's, where its URL names none; else AWS_REGION")
    parser.add_argument("--dry-run", action="store_true", help="count and group what waits; change nothing")
    parser.add_argument("--limit", type=int, metavar="N", help="look at N messages at most")


def run(settings: ConfigSettings, options: argparse.Namespace) -> int:
    with _StopSignals() as signals:
        replay = Replay(
            SqsDeadLetterQueue(options.queue, options.region or settings.platform.region),
            HttpWebhook(options.webhook),
            stopped=lambda: signals.received,
            pause=signals.pause,
        )
        print(f"About {replay.waiting()} messages wait in the queue.", flush=True)
        return _survey(replay, options.limit) if options.dry_run else _replay(replay, options.limit)


def _survey(replay: Replay, limit: int | None) -> int:
    found = replay.survey(limit)
    for (topic, kind, error), count in found.most_common():
        print(f"{count} {kind} of {topic}, given up by SNS with {error}")
    print(f"Looked at {found.total()}: {replay.report.ended}. Nothing was changed.")
    return 0


def _replay(replay: Replay, limit: int | None) -> int:
    try:
        for report in replay.run(limit):
            if report.count % PROGRESS == 0:
                print(_totals(report), flush=True)
    finally:
        _print_what_is_left(replay.report)
        print(_totals(replay.report))
    print(f"The end: {replay.report.ended}.")
    return 0 if not replay.report.left and replay.report.ended in {EMPTY, LIMIT, STOPPED} else 1


def _totals(report: ReplayReport) -> str:
    taken = ", ".join(f"{count} {result}" for result, count in report.taken.most_common())
    return f"replayed {report.count}: {taken or 'none taken'}; {len(report.left)} left in the queue"


def _print_what_is_left(report: ReplayReport) -> None:
    by_reason: dict[tuple[str, int | None, str], list[str]] = defaultdict(list)
    for letter, answer in report.left:
        by_reason[answer.code, answer.status, answer.message].append(_name(letter))
    for (code, status, message), names in by_reason.items():
        print(f"{len(names)} {code} ({status or 'no status'}): {message}")
        print("\n".join(f"    {name}" for name in names))


def _name(letter: DeadLetter) -> str:
    envelope = letter.envelope
    return envelope.message_id if envelope else f"not of SNS, {letter.id} in SQS"


class _StopSignals:
    """Notes the first SIGINT or SIGTERM, so that the message at hand is finished; a second ends at once."""

    def __init__(self) -> None:
        self.received = False
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def __enter__(self) -> Self:
        for number in self._before:
            signal.signal(number, self._note)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._restore()

    def pause(self, seconds: float) -> bool:
        """Wait, and tell whether it was interrupted."""
        print(f"The webhook cannot decide now; waiting {seconds:g} s.", flush=True)
        give_up_at = time.monotonic() + seconds
        while not self.received and (left := give_up_at - time.monotonic()) > 0:
            time.sleep(min(_LOOK, left))
        return self.received

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.received = True
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
