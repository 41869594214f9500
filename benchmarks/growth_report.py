"""What growth may cost: each ratio beside what it must not exceed and what it aims at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import growth_operations as operations
from benchmarks.growth_export import Export
from benchmarks.growth_http import OverHttp

Series = Sequence[tuple[int, float]]  # size and microseconds


@dataclass(frozen=True, slots=True)
class Limit:
    """A ratio that must stay below the one and should stay below the other."""

    must: float
    aim: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ratio with its limit, where it has one."""

    name: str
    ratio: float
    limit: Limit | None = None

    @property
    def missed(self) -> bool:
        """Whether it is beyond what it must keep."""
        return self.limit is not None and self.ratio > self.limit.must

    @property
    def word(self) -> str:
        """Return how the ratio stands to its limit."""
        if self.limit is None:
            return ""
        if self.missed:
            return "MISSED"
        return "aim met" if self.ratio <= self.limit.aim else "kept"

    def document(self) -> dict[str, float | None]:
        """Return it for the JSON file."""
        limit = self.limit
        return {
            "ratio": self.ratio,
            "must": limit.must if limit else None,
            "aim": limit.aim if limit else None,
        }


_LOOK_UP = {"sqlite": Limit(1.3, 1.1), "postgresql": Limit(1.2, 1.05)}
_INSERT = Limit(1.3, 1.15)
_CLINIC_FOUND = Limit(1.2, 1.05)
_BULK = Limit(10, 5)
_EXPORT_MEMORY = Limit(20, 10)  # MB


def verdicts(
    kind: str, series: Mapping[str, Series], exports: Sequence[Export], http: OverHttp
) -> list[Verdict]:
    """Return how each operation grows from the smallest size to the largest, and what a bulk check costs."""
    limits = {
        operations.LOOK_UP.name: _LOOK_UP[kind],
        operations.INSERT.name: _INSERT,
        operations.CLINIC_FOUND.name: _CLINIC_FOUND,
    }
    found = [
        Verdict(f"{name}: {points[-1][0]:,} to {points[0][0]:,}", _ratio(points), limits.get(name))
        for name, points in series.items()
    ]
    in_process = series[operations.BULK.name][-1][1] / series[operations.LOOK_UP.name][-1][1]
    return [
        *found,
        Verdict("1,000 in one call to one, in process", round(in_process, 3)),
        Verdict("1,000 in one call to one, over HTTP", round(http.thousand / http.one, 3), _BULK),
        Verdict("export: memory grown, MB", max(export.grown_mb for export in exports), _EXPORT_MEMORY),
    ]


def table(
    kind: str,
    series: Mapping[str, Series],
    exports: Sequence[Export],
    http: OverHttp,
    found: Sequence[Verdict],
) -> str:
    """Return everything about one kind of database as text."""
    sizes = [f"{size:,}" for size, _ in series[operations.LOOK_UP.name]]
    lines = [f"\n{kind}: median microseconds a call", _row("rows", sizes)]
    lines += [_row(name, [f"{value:,.0f}" for _, value in points]) for name, points in series.items()]
    lines.append(_row("export, rows/s", [f"{export.rows_per_second:,}" for export in exports]))
    lines.append(_row("export, memory grown, MB", [f"{export.grown_mb:.1f}" for export in exports]))
    lines.append(_row("over HTTP: one, 1,000", [f"{http.one:,.0f}", f"{http.thousand:,.0f}"]))
    lines.append(f"\n{'':56}{'ratio':>8}{'must':>8}{'aim':>8}")
    for verdict in found:
        limit = verdict.limit
        bounds = f"{limit.must:>8g}{limit.aim:>8g}  {verdict.word}" if limit else ""
        lines.append(f"{verdict.name:56}{verdict.ratio:>8.2f}{bounds}")
    return "\n".join(lines)


def _ratio(points: Series) -> float:
    return round(points[-1][1] / points[0][1], 3)


def _row(name: str, cells: Sequence[str]) -> str:
    return f"{name:30}" + "".join(f"{cell:>12}" for cell in cells)
