"""The export of the longest list: how fast its lines come, and how far memory grows meanwhile."""

import time
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import psutil

from benchmarks.growth_subjects import open_subject
from benchmarks.seeding import Population
from config_service.services.principal import SUPER_ADMIN, Principal

_EXPORTER = Principal("benchmark", SUPER_ADMIN)
_EVERY = 500  # lines between two looks at the memory


@dataclass(frozen=True, slots=True)
class Export:
    """One export."""

    rows: int
    rows_per_second: int
    grown_mb: float  # resident memory at its peak, over what it was behind the first lines

    def document(self) -> dict[str, float]:
        """Return it for the JSON file."""
        return asdict(self)


def export(population: Population, url: str) -> Export:
    """Export the big clinic's list in a process of its own, which has no freed memory to grow into unseen."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_export, (population.rows, population.clinics, url))


def _export(rows: int, clinics: int, url: str) -> Export:
    subject = open_subject(Population(rows, clinics), url)
    process, count, first, peak = psutil.Process(), 0, 0, 0
    start = time.perf_counter()
    with Path("/dev/null").open("w") as sink:
        for line in subject.services.transfer.export(subject.big_clinic, _EXPORTER):
            sink.write(line)
            count += 1
            if count % _EVERY == 0:
                peak = max(peak, process.memory_info().rss)
                first = first or peak
    seconds = time.perf_counter() - start
    subject.close()
    return Export(count - 1, round((count - 1) / seconds), round((peak - first) / 1e6, 1))
