"""What must hold and what is aimed at: each a figure of ours, most of them beside another system's."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.rounds import Measured

MANY, FEW = 32, 2  # connections
_MEGABYTE = 1e6
_SHORT = {"config_service": "config", "webhook_service": "webhook"}


@dataclass(frozen=True, slots=True)
class Target:
    """One line of the table; `unit` is x for a ratio. More is better, unless `at_most`."""

    name: str
    value: float
    must: float
    aim: float
    unit: str = "x"
    at_most: bool = False
    ours: str = ""
    other: str = ""

    @property
    def verdict(self) -> str:
        """What was reached."""
        sign = -1 if self.at_most else 1
        if sign * self.value >= sign * self.aim:
            return "aim reached"
        return "holds" if sign * self.value >= sign * self.must else "MISSED"

    def as_json(self) -> dict[str, Any]:
        """Return the line, to be kept."""
        return asdict(self) | {"verdict": self.verdict}


@dataclass(frozen=True, slots=True)
class _Rule:
    """How one ratio is made: `figure` of system `ours` by that of `other`."""

    name: str
    figure: str
    ours: str
    other: str
    must: float
    aim: float
    at_most: bool = False


_RATIOS = (
    _Rule("durable verified events/s, vs django-ses", "rate", "ours_sqlite", "django_ses", 3, 5),
    _Rule("durable verified events/s, vs two bare Flask hops", "rate", "ours_sqlite", "two_hops", 0.9, 1.2),
    _Rule("p99, vs django-ses", "p99", "ours_sqlite", "django_ses", 0.6, 0.35, at_most=True),
    _Rule("p50 at 2 connections, vs django-ses", "p50", "ours_sqlite", "django_ses", 1.3, 1, at_most=True),
    _Rule("verify() of parsed messages, every check, vs raw RSA", "verify", "ours", "raw", 0.85, 0.92),
    _Rule("webhook without the internal call, vs bare Flask", "rate", "webhook_alone", "bare", 0.75, 0.85),
    _Rule("PostgreSQL, vs django-ses on SQLite", "rate", "ours_postgresql", "django_ses", 2, 3),
)


def targets(measured: Mapping[str, Measured], verify: Mapping[str, float]) -> list[Target]:
    """Return every line; where none says otherwise, at 32 connections."""
    figures: dict[str, Mapping[str, float]] = {
        "rate": {key: each.median("per_second", MANY) for key, each in measured.items()},
        "p99": {key: each.median("p99_ms", MANY) for key, each in measured.items()},
        "p50": {key: each.median("p50_ms", FEW) for key, each in measured.items()},
        "verify": verify,
    }
    return [*(_ratio(rule, figures[rule.figure]) for rule in _RATIOS), *_footprint(measured["ours_sqlite"])]


def _ratio(rule: _Rule, values: Mapping[str, float]) -> Target:
    ours, other = values[rule.ours], values[rule.other]
    shown = [f"{value:,.1f} ms" if rule.at_most else f"{value:,.0f}/s" for value in (ours, other)]
    return Target(rule.name, ours / other, rule.must, rule.aim, "x", rule.at_most, *shown)


def _footprint(ours: Measured) -> list[Target]:
    """Return memory and start of the service that needs more of it."""
    memory = {
        service: [median(sizes) / _MEGABYTE for sizes in zip(*workers, strict=True)]
        for service, workers in ours.memory.items()
    }
    start = {service: median(seconds) for service, seconds in ours.ready_after.items()}
    largest = max(rss for rss, _ in memory.values())
    of_memory = "; ".join(
        f"{_SHORT[name]} {rss:.0f} ({uss:.0f} unshared)" for name, (rss, uss) in memory.items()
    )
    of_start = "; ".join(f"{_SHORT[name]} {seconds:.2f} s" for name, seconds in start.items())
    return [
        Target("resident memory of a worker", largest, 120, 90, " MB", True, of_memory),
        Target("start to /readyz", max(start.values()), 2.5, 1.5, " s", True, of_start),
    ]
