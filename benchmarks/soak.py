"""Ten minutes at half of the top rate: `python -m benchmarks.soak [--seconds 600] [--json FILE]`.

Both services run on SQLite as `make run` starts them. The top rate is measured with wrk over a few seconds;
then messages arrive at half of it, evenly, whether or not the answers keep up. Every message is distinct and
signed beforehand. Memory must not grow by more than 5 % after the first minute, every message must be
recorded, and the p99 of the last third of the windows must stay within 1.5 times that of the first.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.certificate_server import CertificateServer
from benchmarks.load import BenchmarkError, run_wrk
from benchmarks.messages import AMAZON_ORIGIN
from benchmarks.ours import SERVICES, OurStack
from benchmarks.soak_messages import SigningKey, read
from benchmarks.soak_report import Memory, Soak, windows
from benchmarks.soak_sender import PacedSender
from scripts.processes import StackError

_TOP_SECONDS = 6
_TOP_MESSAGES = 12_000  # more than both services take in that time
_CONNECTIONS = 32
_SAMPLE_EVERY = 5  # seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print a table, write JSON; 1 with one sentence where something is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument(
        "--rate", type=float, metavar="N", help="messages a second (default: half of what a burst reaches)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # everything started is ended on the way out
    try:
        found = _soak(options.seconds, options.rate)
    except (BenchmarkError, StackError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    print(found.table())
    if options.json:
        options.json.write_text(json.dumps(found.document(), indent=1) + "\n")
    complaint = found.complaint()
    print(complaint or "It was steady.", file=sys.stderr if complaint else sys.stdout)
    return 1 if complaint else 0


def _soak(seconds: int, rate: float | None) -> Soak:
    key = SigningKey()
    with (
        tempfile.TemporaryDirectory(prefix="clinic-mail-soak-") as scratch,
        CertificateServer(key.certificate) as server,
        OurStack(server.origin) as stack,
    ):
        file = Path(scratch, "messages")
        stack.start()
        key.write(file, 0, _TOP_MESSAGES, AMAZON_ORIGIN, server.origin)
        top = run_wrk(stack.events_url, file, _CONNECTIONS, _TOP_SECONDS)
        if not top.acknowledged:
            raise BenchmarkError("At the top rate no message was taken.")
        rate = rate or top.per_second / 2
        count = int(rate * seconds)
        refused = top.other_statuses + top.socket_errors  # SNS would come again; below, none may be
        print(
            f"top rate {top.per_second:.0f}/s ({refused} not taken); signing {count:,} messages", flush=True
        )
        key.write(file, _TOP_MESSAGES, _TOP_MESSAGES + count, AMAZON_ORIGIN, server.origin)
        print(f"sending {rate:.0f}/s for {seconds} s", flush=True)
        return _watched(stack, PacedSender(stack.events_url, read(file), rate), rate, seconds)


def _watched(stack: OurStack, sender: PacedSender, rate: float, seconds: int) -> Soak:
    """Send everything, and look at each worker's memory every few seconds."""
    workers = [
        (psutil.Process(pid), Memory(f"{service} worker {number}"))
        for service in SERVICES
        for number, pid in enumerate(stack.worker_pids(service), 1)
    ]
    began = time.monotonic()
    sender.start()
    try:
        while sender.running:
            for process, memory in workers:
                memory.samples.append((time.monotonic() - began, process.memory_info().rss / 1e6))
            time.sleep(min(_SAMPLE_EVERY, seconds / 20))
    except psutil.NoSuchProcess:
        raise BenchmarkError("A worker process ended while it was watched.") from None
    finally:
        sender.stop()
    length = min(30.0, seconds / 9)
    found = windows(sender.sent, seconds, length)
    return Soak(rate, min(60.0, seconds / 3), found, [memory for _, memory in workers], sender.sent.errors)


if __name__ == "__main__":
    sys.exit(main())
