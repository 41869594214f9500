"""The command: python -m fuzz [--inputs N] [--http N] [--seed N] [--processes N] [--minutes N]."""

import argparse
import os
import secrets
import signal
import sys
import time

from fuzz import in_process, over_http
from fuzz.shards import Report
from scripts.processes import StackError


def main() -> int:
    """Run both parts and return 1 where anything was wrong or left undone."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _say(f"seed {options.seed}: --seed {options.seed} asks the same again")
    began, reports = time.monotonic(), list[Report]()
    try:
        if options.inputs:
            reports += in_process.run(options.inputs, options.seed, options.processes, options.minutes, _say)
        if options.http:
            reports += over_http.run(options.http, options.seed, _say)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1
    return _verdict(reports, options.inputs + options.http, time.monotonic() - began)


def _verdict(reports: list[Report], wanted: int, seconds: float) -> int:
    inputs = sum(report.inputs for report in reports)
    wrong = [fault for report in reports for fault in report.faults]
    _say(f"{inputs:,} inputs, {len(wrong)} faults, {seconds / 60:.1f} min")
    if inputs < wanted and not wrong:
        _say(f"The time was over: {wanted - inputs:,} inputs were not asked. Give more with --minutes.")
    return int(bool(wrong) or inputs < wanted)


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="in process (default: a million)")
    parser.add_argument("--http", type=int, default=20_000, help="over HTTP (default: 20,000)")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(10**9), help="default: another each time"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=20, help="for what runs in process (default: 20)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
