"""What is measured at every size; a call's random arguments are made before the clock starts."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.growth_subjects import Subject
from config_service.storage.suppressions import SuppressionFilter

Call = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation; `prepare` returns one call of it, with its arguments made."""

    name: str
    prepare: Callable[[Subject], Call]
    calls: int  # in a round, one after the other on each database
    rounds: int


def _look_up(subject: Subject) -> Call:
    clinic, address = subject.present() if subject.rng.random() < 0.5 else subject.absent()
    return lambda: subject.services.reachability.check(clinic, [address])


def _bulk(subject: Subject) -> Call:
    addresses = subject.many()
    return lambda: subject.services.reachability.check(subject.big_clinic, addresses)


def _insert(subject: Subject) -> Call:
    bounce = subject.bounce()
    return lambda: subject.services.feedback.record([bounce])


def _clinic_found(subject: Subject) -> Call:
    question = subject.question()
    return lambda: subject.mapping.find(question)


def _first_page(subject: Subject) -> Call:
    wanted = SuppressionFilter(subject.services.suppressions.clock())
    return lambda: subject.services.suppressions.page(subject.big_clinic, wanted)


def _deep_page(subject: Subject) -> Call:
    middle = subject.population.time_of(subject.population.rows // 2)
    wanted = SuppressionFilter(subject.services.suppressions.clock(), before=(middle, "g"))
    return lambda: subject.services.suppressions.page(subject.big_clinic, wanted)


LOOK_UP = Operation("look-up", _look_up, calls=50, rounds=40)
BULK = Operation("look-up of 1,000", _bulk, calls=2, rounds=10)
INSERT = Operation("insert", _insert, calls=10, rounds=40)
CLINIC_FOUND = Operation("clinic found", _clinic_found, calls=50, rounds=40)
FIRST_PAGE = Operation("first page of a list", _first_page, calls=5, rounds=10)
DEEP_PAGE = Operation("page in the middle of a list", _deep_page, calls=5, rounds=10)

OPERATIONS = (LOOK_UP, BULK, INSERT, CLINIC_FOUND, FIRST_PAGE, DEEP_PAGE)


def medians(operation: Operation, subjects: Sequence[Subject]) -> list[float]:
    """Return the median time of a call on each database, in microseconds.

    The databases take turns, so that whatever else the machine does is spread over all of them.
    """
    taken: list[list[int]] = [[] for _ in subjects]
    for subject in subjects:
        _run(operation, subject, 3)  # statements prepared, caches filled
    for _ in range(operation.rounds):
        for subject, times in zip(subjects, taken, strict=True):
            times.extend(_run(operation, subject, 1))
    return [median(times) for times in taken]


def median(times: Sequence[int]) -> float:
    """Return the median of nanoseconds, in microseconds."""
    return round(statistics.median(times) / 1000, 1)


def _run(operation: Operation, subject: Subject, times: int) -> list[int]:
    calls = [operation.prepare(subject) for _ in range(operation.calls * times)]
    return [timed(call) for call in calls]


def timed(call: Call) -> int:
    """Return how long a call takes, in nanoseconds."""
    start = time.perf_counter_ns()
    call()
    return time.perf_counter_ns() - start
