"""What a system has stored at the end of a round, counted in its database by SQL."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

from benchmarks.load import BenchmarkError, LoadResult
from benchmarks.servers.event_table import TABLE

_OURS = (
    "SELECT COUNT(*) FROM events",
    "SELECT COUNT(*) FROM (SELECT DISTINCT sns_message_id, recipient_hash FROM events) AS found",
    "SELECT COUNT(DISTINCT sns_message_id) FROM events",
    "SELECT COUNT(*) FROM held_events",
)
_DJANGO = (
    f"SELECT COUNT(*) FROM {TABLE}",
    f"SELECT COUNT(*) FROM (SELECT DISTINCT message_id, recipient FROM {TABLE})",
    f"SELECT COUNT(DISTINCT message_id) FROM {TABLE}",
    "SELECT 0",
)


class _Connection(Protocol):
    def execute(self, query: Any, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows, distinct (message, recipient) pairs, distinct messages, and events without a clinic."""

    rows: int
    pairs: int
    messages: int
    held: int


def ours(database_url: str) -> Stored:
    """Count what config_service has stored."""
    if database_url.startswith("sqlite:///"):
        return _of_sqlite(Path(database_url.removeprefix("sqlite:///")), _OURS)
    with psycopg.connect(database_url) as connection:
        return _counted(connection, _OURS)


def django(file: Path) -> Stored:
    """Count what the receiver in one of the Django sites has stored."""
    return _of_sqlite(file, _DJANGO)


def check(who: str, stored: Stored, loads: list[LoadResult]) -> None:
    """Raise BenchmarkError where something was lost, doubled, refused or made up."""
    sent = sum(load.sent for load in loads)
    acknowledged = sum(load.acknowledged for load in loads)
    problems = {
        f"{stored.rows} rows for {stored.pairs} distinct events": stored.rows != stored.pairs,
        f"{stored.rows} rows for {stored.messages} messages of one recipient": stored.rows != stored.messages,
        f"{acknowledged} acknowledged, {stored.messages} stored": acknowledged > stored.messages,
        f"{sent} sent, {stored.messages} stored": stored.messages > sent,
        f"{stored.held} events held": stored.held > 0,
    }
    if found := [text for text, wrong in problems.items() if wrong]:
        raise BenchmarkError(f"{who} did not store each event once: {'; '.join(found)}.")


def _of_sqlite(file: Path, queries: tuple[str, ...]) -> Stored:
    with closing(sqlite3.connect(file)) as connection:
        return _counted(connection, queries)


def _counted(connection: _Connection, queries: tuple[str, ...]) -> Stored:
    return Stored(*(int(connection.execute(query).fetchone()[0]) for query in queries))
