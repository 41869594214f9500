"""Puts results into words: tables for the terminal and for the documentation."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rounds import Measured
from benchmarks.systems import System
from benchmarks.targets import FEW, MANY, Target
from shared.gathering import MOST

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_NEW_PAGE = f"""# Performance

`make bench` measures the services beside other ways to receive Amazon SES's events, on one machine and by
turns, and writes what follows.

{BEGIN}
{END}
"""

Rows = list[list[str]]


def target_rows(found: Sequence[Target]) -> Rows:
    """Return the table of what must hold and what is aimed at."""
    head = ["", "ours", "other", "measured", "must", "aim", ""]
    return [head, *(_target_row(target) for target in found)]


def system_rows(systems: Sequence[System], measured: dict[str, Measured]) -> Rows:
    """Return the table of systems, with the medians of the rounds."""
    head = ["system", "what it does", f"/s at {MANY}", "p50 ms", "p99 ms", f"/s at {FEW}", "p50 ms", "p99 ms"]
    head.append("MB a worker")
    return [head, *(_system_row(system, measured[system.key]) for system in systems)]


def verify_rows(verify: dict[str, float]) -> Rows:
    """Return the table of verifiers."""

    def row(label: str, key: str, raw: str) -> list[str]:
        return [label, f"{verify[key]:,.0f}", f"{verify[key] / verify[raw]:.2f}"]

    return [
        ["in one thread", "messages/s", "of raw"],
        row("RSA-2048 with SHA-256, raw", "raw", "raw"),
        row(f"SnsVerifier, {MOST} parsed messages at a time, every check", "ours", "raw"),
        row("SnsVerifier, one parsed message at a time, every check", "ours_alone", "raw"),
        row(f"SnsVerifier, {MOST} at a time from their bodies on", "ours_whole", "raw"),
        row("RSA-2048 with SHA-1, raw", "django_ses_raw", "django_ses_raw"),
        row("django-ses's verifier, a parsed message", "django_ses", "django_ses_raw"),
        row("django-ses's verifier, from the body on", "django_ses_whole", "django_ses_raw"),
    ]


def markdown(rows: Rows) -> str:
    """Return `rows`, the first of them the head, as a table in Markdown that reads well as text too."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(rows[0]), line(["-" * width for width in widths]), *map(line, rows[1:])])


def surroundings(about: dict[str, Any]) -> str:
    """Return the lines that say on what and how it was measured."""
    machine, versions, peers = about["machine"], about["versions"], about["peers"]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    others = ", ".join(f"{name} {version}" for name, version in peers.items())
    return (
        f"Measured on {about['date']} by `{about['command']}`: medians of {about['rounds']} rounds of "
        f"{about['turns']} turns of {about['seconds']} s each, all systems running and under load one after "
        f"the other, wrk on the same machine ({machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}; fsync of 4 KB {machine['fsync_ms']} ms).\n\n"
        f"Versions: {named}. The others': {others}.\n\n"
        "All store durably: SQLite in WAL with `synchronous=FULL`, PostgreSQL with `fsync` and "
        "`synchronous_commit`. After each round every store was counted: no acknowledged message was missing "
        "and none was there twice. django-ses verifies SHA-1 signatures alone (version 1), so it was sent "
        "the same messages signed so; its certificate was in its cache from the start. django-anymail "
        "verifies no signature at all: it relies on basic auth. Ours also finds the clinic, seals addresses "
        "and decides on suppression."
    )


def write_page(path: Path, text: str) -> None:
    """Put `text` between the marks of the page, which is made where it is missing."""
    page = path.read_text(encoding="utf-8") if path.exists() else _NEW_PAGE
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    path.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _target_row(target: Target) -> list[str]:
    sign = "≤" if target.at_most else "≥"

    def bound(value: float) -> str:
        return f"{sign} {value:g}{target.unit}"

    digits = 0 if target.unit == " MB" else 2
    value = f"{target.value:.{digits}f}{target.unit}"
    bounds = [bound(target.must), bound(target.aim)]
    return [target.name, target.ours, target.other, value, *bounds, target.verdict]


def _system_row(system: System, measured: Measured) -> list[str]:
    cells = [system.label, system.does]
    for connections in (MANY, FEW):
        cells.append(f"{measured.median('per_second', connections):,.0f}")
        cells += [f"{measured.median(name, connections):,.1f}" for name in ("p50_ms", "p99_ms")]
    memory = [median(rss for rss, _ in workers) / 1e6 for workers in measured.memory.values()]
    return [*cells, " + ".join(f"{size:.0f}" for size in memory)]
