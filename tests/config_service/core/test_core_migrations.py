"""A migration runs while the version before it serves, and nobody who is served notices."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import peewee
import psycopg
import pytest
from core_kit import PATIENT, codes, event, give_ses, results, soft
from waiting import await_that

from config_service import create_services
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.storage import migrating
from config_service.storage.database import Database, StorageUnavailableError
from config_service.storage.migrating import migrate
from config_service.storage.suppressions import SuppressionFilter

SECONDS = 30  # for others to get where they must get; none needs them
ROUNDS = 8  # of reading and writing: more than psycopg runs a statement before it prepares it
NEXT = '''"""What a next version might add."""


def up(_, db):
    db.execute_sql("ALTER TABLE events ADD COLUMN campaign TEXT")
    db.execute_sql("ALTER TABLE suppressions ADD COLUMN seen BIGINT NOT NULL DEFAULT 0")
    db.execute_sql("ALTER TABLE clinics ADD COLUMN plan TEXT NOT NULL DEFAULT 'basic'")
    db.execute_sql("CREATE TABLE campaigns (id TEXT NOT NULL PRIMARY KEY, clinic_id TEXT NOT NULL)")
    db.execute_sql("CREATE INDEX events_campaign ON events (campaign)")
'''


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return the migrations of a next version."""
    there = tmp_path / "migrations"
    shutil.copytree(Path(migrating.__file__).parent / "migrations", there)
    (there / "9000_next.py").write_text(NEXT)
    return there


@contextmanager
def served(services: Services) -> Iterator[Callable[[], None]]:
    """Read and write without a pause; yield what waits for some more rounds of that, all without a failure."""
    done, failed, end = [0, 0], [], threading.Event()

    def write(number: int) -> None:
        results(services, soft(recipient=f"p{number}@patients.example"), event(recipient=PATIENT))
        give_ses(services, "c1", fromName=f"Clinic {number}")

    def read(_: int) -> None:
        assert codes(services, "c1") == ["hard_bounce"]
        services.suppressions.page("c1", SuppressionFilter(now=0, limit=20))
        services.configs.get_clinic_config("c1")

    def serve(which: int, job: Callable[[int], None]) -> None:
        try:
            while not end.is_set():
                job(done[which])
                done[which] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the test names it
            failed.append(error)
        finally:
            services.repositories.database.close()

    def some_rounds() -> None:
        wanted = [count + ROUNDS for count in done]
        await_that(lambda: bool(failed) or all(a >= b for a, b in zip(done, wanted, strict=True)))
        assert failed == []

    with ThreadPoolExecutor(2) as pool:
        for which, job in enumerate((write, read)):
            pool.submit(serve, which, job)
        try:
            yield some_rounds
        finally:
            end.set()
    assert failed == []


@pytest.fixture
def serving(services: Services) -> Services:
    give_ses(services, "c1")
    results(services, event(recipient=PATIENT))
    return services


def test_reads_and_writes_go_on_through_the_version_before(
    serving: Services, settings: ConfigSettings, database_url: str, directory: Path
) -> None:
    with served(serving) as some_rounds, closing(Database(database_url)) as database:
        some_rounds()
        assert migrate(database, directory) == ["9000_next"]
        some_rounds()
        with database.reading():
            found = database.execute("SELECT DISTINCT campaign FROM events").fetchall()
        assert found == [(None,)]
    restarted = create_services(settings)  # the version before comes up again on what the next one made
    assert codes(restarted, "c1") == ["hard_bounce"]
    restarted.repositories.database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_migration_that_waits_for_a_long_transaction_lets_everybody_pass(
    serving: Services, postgres_url: str, directory: Path
) -> None:
    with (
        served(serving) as some_rounds,
        closing(Database(postgres_url)) as database,
        psycopg.connect(postgres_url) as long,
        psycopg.connect(postgres_url, autocommit=True) as onlooker,
        ThreadPoolExecutor(1) as pool,
    ):
        long.execute("SELECT COUNT(*) FROM events")  # holds its lock until the end of its transaction
        migration = pool.submit(_migrate_and_close, database, directory)
        waiting = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'"
        await_that(lambda: onlooker.execute(waiting).fetchone() != (0,))
        for _ in range(2):
            some_rounds()
        assert not migration.done()
        long.rollback()
        assert migration.result(SECONDS) == ["9000_next"]
        some_rounds()


def _migrate_and_close(database: Database, directory: Path) -> list[str]:
    try:
        return migrate(database, directory)
    finally:
        database.close()


def test_what_is_locked_for_good_is_said_and_nothing_is_half_done(
    database_url: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "PATIENCE", 0)
    with closing(Database(database_url)) as other, closing(Database(database_url)) as database:
        if database.is_sqlite:
            with database.reading():
                database.execute("PRAGMA busy_timeout = 10")
        with other.transaction():
            other.execute("INSERT INTO leases (name, until) VALUES ('a', 1)")
            if not other.is_sqlite:
                other.execute("LOCK TABLE clinics")
            with pytest.raises(StorageUnavailableError):
                migrate(database, directory)
        assert migrate(database, directory) == ["9000_next"]


def test_a_migration_that_fails_for_another_reason_is_not_tried_again(
    database_url: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    (directory / "9001_broken.py").write_text(
        "def up(_, db):\n    db.execute_sql('SELECT nothing FROM nowhere')\n"
    )
    with closing(Database(database_url)) as database:
        with pytest.raises((StorageUnavailableError, peewee.ProgrammingError)):
            migrate(database, directory)
        assert pauses == []
        (directory / "9001_broken.py").unlink()
        assert migrate(database, directory) == ["9000_next"]


def test_where_nothing_is_to_be_migrated_nobody_is_waited_for(
    services: Services, settings: ConfigSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "PATIENCE", 0)
    other = Database(settings.database_url)
    with services.repositories.database.transaction():  # SQLite's one write lock
        services.repositories.database.lock([migrating._LOCK])
        assert migrate(other) == []
    other.close()
