"""Draws what was measured; needs matplotlib alone: python benchmarks/plots.py RESULTS.json DIRECTORY."""

import json
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "the same picture gives the same file"

from matplotlib import pyplot as plt  # noqa: E402 - after the choice of a backend without a screen

# Blue and orange are ours; they differ for colour-blind eyes too, and every line carries its name.
_LINES = {
    "ours_sqlite": ("ours, SQLite", "#0072b2", "-"),
    "ours_postgresql": ("ours, PostgreSQL", "#d55e00", "-"),
    "django_ses": ("django-ses, SQLite", "#555555", "-"),
    "anymail": ("django-anymail, SQLite\n(no signatures)", "#999999", "-"),
    "two_hops": ("two bare Flask hops\n(nothing stored)", "#888888", ":"),
}
_DATABASES = {"sqlite": ("SQLite", "#0072b2"), "postgresql": ("PostgreSQL", "#d55e00")}

_LINE_HEIGHT = 0.05  # of a name, as a part of the highest rate
_COLUMNS = 3

Points = Sequence[tuple[float, float]]


def plot_throughput(results: Mapping[str, Any], out: Path) -> None:
    """Draw acknowledged events a second against connections, into `out` (.svg or .png)."""
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    ends = []
    for key, (label, colour, style) in _LINES.items():
        points = _throughput(results["systems"][key]["loads"])
        axes.plot(*zip(*points, strict=True), style, color=colour, marker="o", markersize=4, linewidth=1.8)
        ends.append((points[-1], label, colour))
    _name_lines(axes, ends)
    connections = sorted({each["connections"] for each in results["systems"]["ours_sqlite"]["loads"]})
    axes.set_xscale("log", base=2)
    axes.set_xticks(connections, [str(number) for number in connections])
    axes.set_ylim(0, max(rate for (_, rate), _, _ in ends) * 1.1)
    axes.set_xlabel("connections at once")
    axes.set_ylabel("acknowledged events per second")
    axes.set_title("Throughput against connections", loc="left")
    _plain(axes)
    _save(figure, out)


def plot_growth(results: Mapping[str, Mapping[str, Points]], out: Path) -> None:
    """Draw the cost of each operation (µs) against rows, a line for each database, into `out`."""
    databases = {name: results[name] for name in _DATABASES if name in results}
    operations = list(dict.fromkeys(name for series in databases.values() for name in series))
    columns = min(_COLUMNS, len(operations))
    lines = math.ceil(len(operations) / columns)
    figure, grid = plt.subplots(
        lines, columns, figsize=(3.4 * columns, 2.8 * lines), squeeze=False, layout="constrained"
    )
    panels = list(grid.flat)
    for axes, operation in zip(panels, operations, strict=False):
        _growth_panel(axes, operation, databases)
    for axes in panels[len(operations) :]:
        axes.set_visible(False)
    panels[0].legend(frameon=False)
    _save(figure, out)


def _growth_panel(axes: Any, operation: str, databases: Mapping[str, Mapping[str, Points]]) -> None:
    for database, series in databases.items():
        name, colour = _DATABASES[database]
        if points := series.get(operation):
            axes.plot(*zip(*points, strict=True), color=colour, marker="o", markersize=4, label=name)
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("rows")
    axes.set_ylabel("cost (µs)")
    axes.set_title(operation, loc="left", fontsize=10)
    _plain(axes)


def _throughput(loads: Sequence[Mapping[str, Any]]) -> list[tuple[int, float]]:
    seen: dict[int, list[float]] = {}
    for load in loads:
        seen.setdefault(load["connections"], []).append(load["per_second"])
    return [(connections, statistics.median(rates)) for connections, rates in sorted(seen.items())]


def _name_lines(axes: Any, ends: list[tuple[tuple[int, float], str, str]]) -> None:
    """Write each line's name at its end, apart from the others."""
    ends = sorted(ends, key=lambda end: end[0][1])
    heights = [_LINE_HEIGHT * (1.2 + label.count("\n")) * ends[-1][0][1] for _, label, _ in ends]
    places: list[float] = []
    for ((_, rate), _, _), height in zip(ends, heights, strict=True):
        least = places[-1] + (heights[len(places) - 1] + height) / 2 if places else height / 2
        places.append(max(rate, least))
    for ((connections, _), label, colour), at in zip(ends, places, strict=True):
        place = {"textcoords": "offset points", "xytext": (10, 0), "annotation_clip": False}
        axes.annotate(label, (connections, at), color=colour, va="center", fontsize=9, **place)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)


def _save(figure: Any, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=150, metadata={"Date": None} if out.suffix == ".svg" else None)
    plt.close(figure)


def main() -> None:
    """Draw every picture of the results into the directory."""
    if len(sys.argv) != 3:
        raise SystemExit("usage: plots.py RESULTS.json DIRECTORY")
    results, directory = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])
    if "systems" in results:
        plot_throughput(results, directory / "throughput.svg")
    else:
        plot_growth(results, directory / "growth.svg")


if __name__ == "__main__":
    main()
