"""How often something can be done in a second, in this process. Needs nothing but Python."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

_BETWEEN_LOOKS = 50  # operations between two looks at the clock


def rates(
    operations: dict[str, Callable[[int], Any]], count: int, rounds: int, seconds: float
) -> dict[str, float]:
    """Return each operation's median rate a second; they take turns. Each is called with 0 to `count` - 1.

    The first is what the others are compared with: theirs is its rate times the median of their ratios to it,
    each of one round, since the machine is faster or slower from one round to the next.
    """
    seen: dict[str, list[float]] = {name: [] for name in operations}
    for operation in operations.values():
        for number in range(count):
            operation(number)
    for _ in range(rounds):
        for name, operation in operations.items():
            seen[name].append(_rate(operation, range(count), seconds))
    first = next(iter(seen.values()))
    usual = statistics.median(first)
    return {
        name: usual * statistics.median(mine / its for mine, its in zip(each, first, strict=True))
        for name, each in seen.items()
    }


def _rate(operation: Callable[[int], Any], numbers: Sequence[int], seconds: float) -> float:
    done, at = 0, 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(_BETWEEN_LOOKS):
            operation(numbers[at])
            at = (at + 1) % len(numbers)
        done += _BETWEEN_LOOKS
    return done / spent
