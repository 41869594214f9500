"""Rounds: all systems run, and are put under load in short turns, so that a slow minute hits them all."""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import BenchmarkError, LoadResult, run_wrk
from benchmarks.messages import COUNT, Messages
from benchmarks.stores import check
from benchmarks.systems import Running, Surroundings, System

WARM_UP = 150  # messages

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How often and how long; the systems are started anew for each group of numbers of connections.

    With each number every one has `turns` turns of `seconds`, one system after the other.
    """

    rounds: int
    turns: int
    seconds: int
    groups: tuple[tuple[int, ...], ...]


@dataclass
class Measured:
    """What was seen of one system, over all rounds."""

    loads: list[LoadResult] = field(default_factory=list)
    memory: dict[str, list[tuple[int, int]]] = field(default_factory=dict)  # (RSS, USS) of each worker
    ready_after: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str, connections: int) -> float:
        """Return the median over the turns of all rounds of one of LoadResult's figures."""
        return statistics.median(
            float(getattr(load, name)) for load in self.loads if load.connections == connections
        )

    def as_json(self) -> dict[str, Any]:
        """Return everything, to be kept."""
        loads = [asdict(load) | {"per_second": load.per_second} for load in self.loads]
        return {"loads": loads, "memory_rss_uss": self.memory, "ready_after_seconds": self.ready_after}


@dataclass(frozen=True, slots=True)
class _Contender:
    """A system that runs, and what it was sent: first of all what warmed it up."""

    system: System
    running: Running
    loads: list[LoadResult]


class Bench:
    """Runs a plan over systems."""

    def __init__(self, surroundings: Surroundings, messages: Messages, directory: Path, say: Say) -> None:
        """Take what the systems find around them, the messages, a scratch directory, and how to report."""
        self._surroundings = surroundings
        self._messages = messages
        self._directory = directory
        self._say = say
        self._files: dict[tuple[str, str], Path] = {}

    def run(self, systems: Sequence[System], plan: Plan, between: Callable[[], None]) -> dict[str, Measured]:
        """Return what was measured, by the systems' keys; `between` is called when none of them runs."""
        measured = {system.key: Measured() for system in systems}
        for number in range(plan.rounds):
            for group in plan.groups:
                between()
                self._say(f"round {number + 1} of {plan.rounds}: {', '.join(map(str, group))} connections")
                with ExitStack() as running:
                    contenders = [self._started(system, running) for system in systems]
                    self._take_turns(contenders, group, plan)
                    for contender in contenders:
                        _note(contender, measured[contender.system.key])
        return measured

    def _started(self, system: System, until_the_end: ExitStack) -> _Contender:
        running = until_the_end.enter_context(system.start(self._surroundings))
        return _Contender(system, running, [self._warmed_up(system, running)])

    def _take_turns(self, contenders: Sequence[_Contender], group: Sequence[int], plan: Plan) -> None:
        for connections in group:
            for _ in range(plan.turns):
                for contender in contenders:
                    self._load(contender, connections, plan.seconds)

    def _load(self, contender: _Contender, connections: int, seconds: int) -> None:
        system, loads = contender.system, contender.loads
        skip = sum(load.sent for load in loads)
        if skip >= COUNT:
            if system.stores:
                raise BenchmarkError(f"{system.label} has taken all {COUNT} messages: there are too few.")
            skip %= COUNT
        file = self._file(system)
        load = run_wrk(contender.running.url, file, connections, seconds, skip, system.authorization)
        _require_clean(system, load)
        self._say(f"  {connections}: {load.per_second:5.0f}/s, p99 {load.p99_ms:4.0f} ms, {system.label}")
        loads.append(load)

    def _warmed_up(self, system: System, running: Running) -> LoadResult:
        with tempfile.TemporaryDirectory(dir=self._directory) as scratch:
            origin = system.origin or self._surroundings.certificate_origin
            file = Path(scratch, "warm_up")
            self._messages.write(file, origin, system.signature_version, last=WARM_UP)
            load = run_wrk(running.url, file, 32, 30, authorization=system.authorization)
        _require_clean(system, load)
        return load

    def _file(self, system: System) -> Path:
        """Return the messages as this system takes them, written once."""
        origin = system.origin or self._surroundings.certificate_origin
        key = (origin, system.signature_version)
        if key not in self._files:
            path = self._directory / f"messages-{len(self._files)}"
            self._files[key] = self._messages.write(path, origin, system.signature_version, last=COUNT)
        return self._files[key]


def _require_clean(system: System, load: LoadResult) -> None:
    if not load.clean:
        counts = f"{load.other_statuses} other answers than 200, {load.socket_errors} broken connections"
        raise BenchmarkError(f"{system.label} did not take every message: {counts}.")
    if not load.acknowledged:
        raise BenchmarkError(f"{system.label} answered nothing.")


def _note(contender: _Contender, measured: Measured) -> None:
    """Add a contender's turns, once it was stopped and its store was counted."""
    running = contender.running
    for service, pids in running.workers.items():
        for pid in pids:
            memory = psutil.Process(pid).memory_full_info()
            measured.memory.setdefault(service, []).append((memory.rss, memory.uss))
    for service, ready in running.ready_after.items():
        measured.ready_after.setdefault(service, []).append(ready)
    if (stored := running.end()) is not None:
        check(contender.system.label, stored, contender.loads)
    measured.loads += contender.loads[1:]
