"""SQLite files and databases of one PostgreSQL server, of several sizes, filled and all open at once."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from benchmarks.postgres_server import postgres_server
from benchmarks.seeding import Chunk, Population
from config_service.storage.database import Database
from config_service.storage.migrating import migrate

_CACHE = -1_500_000  # KiB, while a file is filled: rows go to random pages of every index


class Loader(Protocol):
    """Takes the rows of one database."""

    url: str

    def put(self, chunk: Chunk) -> None:
        """Write some rows."""

    def finish(self) -> None:
        """Leave the database as one that has been in use."""


class SqliteLoader:
    """Fills a new file without regard for a power cut."""

    def __init__(self, path: Path) -> None:
        """Make the tables."""
        self.url = f"sqlite:///{path}"
        _migrate(self.url)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode = off", "synchronous = off", f"cache_size = {_CACHE}"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN")

    def put(self, chunk: Chunk) -> None:
        """Write some rows."""
        marks = ", ".join("?" * len(chunk.columns))
        statement = f"INSERT INTO {chunk.table} ({', '.join(chunk.columns)}) VALUES ({marks})"
        self._connection.executemany(statement, chunk.rows)

    def finish(self) -> None:
        """Commit; nothing analyses a SQLite database by itself, so nothing does here."""
        self._connection.execute("COMMIT")
        self._connection.close()


class PostgresqlLoader:
    """Fills a new database of a server by COPY."""

    def __init__(self, server: str, name: str) -> None:
        """Make the database and its tables."""
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self.url = server.replace("/postgres?", f"/{name}?")
        _migrate(self.url)
        self._connection = psycopg.connect(self.url, autocommit=True)

    def put(self, chunk: Chunk) -> None:
        """Write some rows."""
        copy = f"COPY {chunk.table} ({', '.join(chunk.columns)}) FROM STDIN"
        lines = ("\t".join("\\N" if value is None else str(value) for value in row) for row in chunk.rows)
        with self._connection.cursor() as cursor, cursor.copy(copy.encode()) as out:
            out.write("\n".join(lines) + "\n")

    def finish(self) -> None:
        """Do what autovacuum will have done."""
        self._connection.execute("VACUUM (ANALYZE)")
        self._connection.close()


@contextmanager
def filled(populations: Sequence[Population]) -> Iterator[dict[str, list[str]]]:
    """Return the URLs of a filled database for each population, by kind; all are removed at the end."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clinic-mail-growth-")))
        server = stack.enter_context(postgres_server())
        urls: dict[str, list[str]] = {"sqlite": [], "postgresql": []}
        with _without_durability(server):
            for population in populations:
                loaders: tuple[Loader, ...] = (
                    SqliteLoader(directory / f"{population.rows}.db"),
                    PostgresqlLoader(server, f"rows_{population.rows}"),
                )
                _fill(population, loaders)
                for kind, loader in zip(urls, loaders, strict=True):
                    urls[kind].append(loader.url)
        yield urls


def _fill(population: Population, loaders: Sequence[Loader]) -> None:
    """Make each row once, for all loaders, while they store those before it."""
    with ThreadPoolExecutor(len(loaders)) as pool:
        pending: list[Future[None]] = []
        for chunk in population.chunks():
            _wait_for(pending)
            pending = [pool.submit(loader.put, chunk) for loader in loaders]
        _wait_for(pending)
        _wait_for([pool.submit(loader.finish) for loader in loaders])


def _wait_for(futures: Sequence[Future[None]]) -> None:
    """Return once all are done; raise what the first of them raised."""
    for future in futures:
        future.result()


def _migrate(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()


@contextmanager
def _without_durability(server: str) -> Iterator[None]:
    """Fill quickly; afterwards everything is on the disk, and the server as durable as it comes."""
    settings = ("fsync", "full_page_writes", "max_wal_size")
    with psycopg.connect(server, autocommit=True) as connection:
        for name, value in zip(settings, ("off", "off", "8GB"), strict=True):
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        connection.execute("SELECT pg_reload_conf()")
        yield
        connection.execute("ALTER SYSTEM RESET ALL")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CHECKPOINT")
    os.sync()
