"""Measure what a growing database costs: `python -m benchmarks.growth [--quick] [--json FILE]`.

Databases of several sizes, on SQLite and on a real PostgreSQL that keeps its promises (fsync on), are open at
the same time and take turns, so that a ratio compares what was measured side by side.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.growth_databases import filled
from benchmarks.growth_export import export
from benchmarks.growth_http import over_http
from benchmarks.growth_operations import CLINIC_FOUND, OPERATIONS, medians
from benchmarks.growth_report import Series, table, verdicts
from benchmarks.growth_subjects import Subject, open_subject
from benchmarks.load import BenchmarkError
from benchmarks.seeding import Population
from scripts.processes import StackError

FULL = ((1_000, 10), (10_000, 100), (100_000, 1_000), (1_000_000, 10_000))  # rows, clinics
QUICK = ((1_000, 10), (100_000, 10_000))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and, where asked, write JSON; 1 where a limit that must hold does not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 and 100,000 rows only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # everything started is ended on the way out
    try:
        missed, document = _grown([Population(*size) for size in (QUICK if options.quick else FULL)])
    except (BenchmarkError, StackError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    print("\nmissed: " + ", ".join(missed) if missed else "\nevery limit is kept")
    return 1 if missed else 0


def _grown(populations: Sequence[Population]) -> tuple[list[str], dict[str, Any]]:
    """Measure everything; return what was missed, and the numbers."""
    document: dict[str, Any] = {"ratios": {}, "exports": {}, "http": {}}
    start = time.monotonic()
    with filled(populations) as urls:
        print(f"filled in {time.monotonic() - start:.0f} s", flush=True)
        missed = [name for kind in urls for name in _measure(kind, populations, urls[kind], document)]
    return missed, document


def _measure(
    kind: str, populations: Sequence[Population], urls: Sequence[str], document: dict[str, Any]
) -> list[str]:
    """Measure one kind of database, print it, add it to the document and return what was missed."""
    subjects = [open_subject(population, url) for population, url in zip(populations, urls, strict=True)]
    try:
        series = _series(subjects)
        http = over_http(subjects[-1], urls[-1])
        exports = list(map(export, populations, urls))
    finally:
        for subject in subjects:
            subject.close()
    found = verdicts(kind, series, exports, http)
    print(table(kind, series, exports, http, found), flush=True)
    document[kind] = series
    document["http"][kind] = asdict(http)
    document["exports"][kind] = [one.document() for one in exports]
    document["ratios"][kind] = {one.name: one.document() for one in found}
    return [f"{kind}: {one.name}" for one in found if one.missed]


def _series(subjects: Sequence[Subject]) -> dict[str, Series]:
    series: dict[str, Series] = {}
    for operation in OPERATIONS:
        sizes = [
            subject.population.clinics if operation is CLINIC_FOUND else subject.population.rows
            for subject in subjects
        ]
        series[operation.name] = list(zip(sizes, medians(operation, subjects), strict=True))
    return series


if __name__ == "__main__":
    sys.exit(main())
