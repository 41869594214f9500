"""Says how far a run is, and what it has seen."""

import time
from collections.abc import Callable

from fuzz.shards import Report

_SHOWN_FAULTS = 20  # of a run


class Progress:
    """Adds reports up, and says a line now and then."""

    def __init__(self, what: str, inputs: int, say: Callable[[str], None]) -> None:
        """Take what is being done, how much of it there is, and what shows a line."""
        self._what = what
        self._inputs = inputs
        self._say = say
        self._began = self._said = time.monotonic()
        self._shown = 0
        self._reports: dict[str, Report] = {}

    def add(self, report: Report) -> None:
        """Add what a shard saw."""
        total = self._reports.setdefault(report.target, Report(report.target))
        total.inputs += report.inputs
        total.statuses += report.statuses
        total.faults += report.faults
        for fault in report.faults[: _SHOWN_FAULTS - self._shown]:
            self._shown += 1
            self._say(f"FAULT {fault}")
        if time.monotonic() - self._said >= 10:
            self._line()

    def finished(self) -> list[Report]:
        """Say the last line and return a report a target."""
        self._line()
        for report in self._reports.values():
            answers = ", ".join(f"{status}: {count:,}" for status, count in sorted(report.statuses.items()))
            self._say(
                f"  {report.target:>13} {report.inputs:>9,} inputs, {len(report.faults)} faults; {answers}"
            )
        return list(self._reports.values())

    def _line(self) -> None:
        self._said = time.monotonic()
        seconds = int(self._said - self._began)
        done = sum(report.inputs for report in self._reports.values())
        wrong = sum(len(report.faults) for report in self._reports.values())
        self._say(
            f"{self._what}: {done:,} of {self._inputs:,} inputs, {wrong} faults, "
            f"{seconds // 60}:{seconds % 60:02} min"
        )
