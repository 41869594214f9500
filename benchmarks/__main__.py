"""The command: python -m benchmarks [--quick] [--into DIRECTORY] | profile."""

import argparse
import signal
import sys
from pathlib import Path

import psutil
import requests

from benchmarks.comparison import FULL, QUICK, compare
from benchmarks.gunicorn_servers import ROOT, require_peers
from benchmarks.load import BenchmarkError, require_wrk
from benchmarks.messages import KEPT, prepared
from benchmarks.profiling import profile
from scripts.processes import StackError


def main() -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args()
    # As Ctrl-C does it: everything that was started is ended on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        require_wrk()
        require_peers()
        _say("messages are signed, once: the next run finds them")
        messages = prepared()
        if options.command == "profile":
            profile(messages, ROOT / "docs" / "images", _say)
            return 0
        into = options.into or (KEPT / "quick" if options.quick else ROOT / "docs")
        return compare(messages, QUICK if options.quick else FULL, into, _say)
    except (BenchmarkError, StackError) as error:
        print(error, file=sys.stderr)
    except requests.RequestException as error:
        print(f"A service did not answer: {type(error).__name__}.", file=sys.stderr)
    except psutil.NoSuchProcess:
        print("A worker process ended in the middle of a round.", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    return 1


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("command", nargs="?", choices=("compare", "profile"), default="compare")
    parser.add_argument("--quick", action="store_true", help="shorter rounds, into var/bench/quick")
    parser.add_argument("--into", type=Path, metavar="DIRECTORY", help="where to write (default: docs)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
