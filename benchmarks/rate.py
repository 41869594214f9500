"""How often something can be done in a second, in this process. Needs nothing but Python."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
Rates = dict[str, list[float]]  # by operation, one a round

_BETWEEN_LOOKS = 10  # operations between two looks at the clock


def rates(
    operations: dict[str, Callable[[T], Any]], subjects: Sequence[T], rounds: int, seconds: float
) -> Rates:
    """Return each operation's rates a second, one a round; they take turns, and get each subject."""
    seen: Rates = {name: [] for name in operations}
    for operation in operations.values():
        for subject in subjects:
            operation(subject)
    for _ in range(rounds):
        for name, operation in operations.items():
            seen[name].append(_rate(operation, subjects, seconds))
    return seen


def medians(seen: Rates) -> dict[str, float]:
    """Return each operation's usual rate.

    The first is what the others are compared with: theirs is its rate times the median of their ratios to it,
    each of one round, since the machine is faster or slower from one round to the next.
    """
    first = next(iter(seen.values()))
    usual = statistics.median(first)
    return {
        name: usual * statistics.median(mine / its for mine, its in zip(each, first, strict=True))
        for name, each in seen.items()
    }


def _rate(operation: Callable[[T], Any], subjects: Sequence[T], seconds: float) -> float:
    done, at = 0, 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(_BETWEEN_LOOKS):
            operation(subjects[at])
            at = (at + 1) % len(subjects)
        done += _BETWEEN_LOOKS
    return done / spent
