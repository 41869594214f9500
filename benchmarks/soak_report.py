"""Was it steady? Times in windows, memory of each worker, and what must not have happened."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.soak_sender import Sent

MAX_MEMORY_GROWTH = 1.05  # after the first minute
MAX_P99_GROWTH = 1.5  # from the first third of the windows to the last one
_NEAR = 3  # samples of memory whose median counts


@dataclass(frozen=True, slots=True)
class Window:
    """The messages that were due within some seconds."""

    begins: float
    messages: int
    p50_ms: float
    p99_ms: float


@dataclass
class Memory:
    """One worker's resident memory over time: (second, MB)."""

    worker: str
    samples: list[tuple[float, float]] = field(default_factory=list)

    def growth(self, settled: float) -> float:
        """Return how far it has grown since second `settled`."""
        later = [mb for second, mb in self.samples if second >= settled]
        return statistics.median(later[-_NEAR:]) / statistics.median(later[:_NEAR])


@dataclass(frozen=True, slots=True)
class Soak:
    """Everything that was seen."""

    rate: float
    settled: float
    windows: Sequence[Window]
    memories: Sequence[Memory]
    errors: Sequence[str]

    @property
    def p99_growth(self) -> float:
        """Return how the median of the windows' p99 changed from the first third to the last."""
        third = max(1, len(self.windows) // 3)
        first, last = (
            statistics.median(window.p99_ms for window in some)
            for some in (self.windows[:third], self.windows[-third:])
        )
        return last / first

    def complaint(self) -> str | None:
        """Return in one sentence what is wrong, or None."""
        if self.errors:
            return f"{len(self.errors)} messages were not recorded, the first with: {self.errors[0]}"
        for memory in self.memories:
            if (growth := memory.growth(self.settled)) > MAX_MEMORY_GROWTH:
                return f"The memory of {memory.worker} grew by {growth - 1:.1%} after it had settled."
        if self.p99_growth > MAX_P99_GROWTH:
            return f"The p99 of the last third of the windows is {self.p99_growth:.2f} times the first's."
        return None

    def table(self) -> str:
        """Return everything as text."""
        lines = [f"{'second':>8}{'messages':>10}{'p50 ms':>9}{'p99 ms':>9}   MB of each worker"]
        lines += [
            f"{window.begins:>8.0f}{window.messages:>10}{window.p50_ms:>9.1f}{window.p99_ms:>9.1f}   "
            + " ".join(f"{_at(memory, window.begins):.0f}" for memory in self.memories)
            for window in self.windows
        ]
        lines += [
            f"{memory.worker}: {memory.growth(self.settled) - 1:+.1%} since second {self.settled:.0f}"
            for memory in self.memories
        ]
        lines.append(f"p99, last third to first: {self.p99_growth:.2f}; errors: {len(self.errors)}")
        return "\n".join(lines)

    def document(self) -> dict[str, Any]:
        """Return everything for a JSON file."""
        return {
            **asdict(self),
            "p99_growth": self.p99_growth,
            "memory_growth": {memory.worker: memory.growth(self.settled) for memory in self.memories},
            "complaint": self.complaint(),
        }


def windows(sent: Sent, seconds: float, length: float) -> list[Window]:
    """Return the messages by windows of `length` seconds."""
    found = []
    for number in range(max(1, round(seconds / length))):
        begins = number * length
        times = sorted(ms for due, ms in sent.answers if begins <= due < begins + length)
        if times:
            found.append(Window(begins, len(times), statistics.median(times), times[int(len(times) * 0.99)]))
    return found


def _at(memory: Memory, second: float) -> float:
    return next((mb for at, mb in memory.samples if at >= second), memory.samples[-1][1])
