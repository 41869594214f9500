"""A piece of the long run: inputs to one target, in a process of its own, each within a time limit."""

import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzz.answers import faults
from fuzz.targets import Target, targets

SECONDS_PER_INPUT = 5.0  # SNS waits for 15, over a network
_KEPT_FAULTS = 20  # of a shard; the first ones tell enough
_MEMORY = Path("/dev/shm")  # noqa: S108 - a database here waits for no disk, and is a file all the same


@dataclass(frozen=True)
class Shard:
    """Inputs number `first` to `first + count` of one target; the same seed makes the same inputs."""

    target: str
    seed: int
    first: int
    count: int


@dataclass
class Report:
    """What was seen: how many inputs, answers by status, and what was wrong."""

    target: str
    inputs: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class HangError(BaseException):
    """An input took too long; no handler of a service's catches this."""


def chance(seed: int, target: str, number: int) -> Random:
    """Return the chance that makes one input."""
    return Random(f"{seed} {target} {number}")


def run_shard(shard: Shard) -> Report:
    """Ask everything of a shard, and return what was seen."""
    report = Report(shard.target)
    with _scratch() as directory, _quiet(directory / "errors.log"), targets(directory) as found:
        for number in range(shard.first, shard.first + shard.count):
            _ask(found[shard.target], shard.seed, number, report)
            if len(report.faults) >= _KEPT_FAULTS:
                break
    return report


def _ask(target: Target, seed: int, number: int, report: Report) -> None:
    request = target.make(chance(seed, target.name, number))
    where = f"{target.name} {number} (seed {seed}): {request}"
    report.inputs += 1
    try:
        with time_limit(SECONDS_PER_INPUT):
            answer = target.ask(request)
    except HangError:
        report.faults.append(f"{where}\n  no answer within {SECONDS_PER_INPUT:g} s")
        return
    except Exception as error:  # noqa: BLE001 - whatever comes out of an application is a fault
        report.faults.append(f"{where}\n  {type(error).__name__}: {error}")
        return
    report.statuses[answer.status] += 1
    report.faults += [f"{where}\n  {fault}" for fault in faults(request, answer, target.documented)]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise HangError in the main thread once the time is over."""

    def stop(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _scratch() -> Iterator[Path]:
    where = _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="clinic-mail-fuzz-", dir=where) as directory:
        yield Path(directory)


@contextmanager
def _quiet(log: Path) -> Iterator[None]:
    """Send what the applications log to a file: they report every fault that the answers show, too."""
    before = sys.stderr
    with log.open("w") as file:
        sys.stderr = file
        try:
            yield
        finally:
            sys.stderr = before
