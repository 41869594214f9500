"""The database: migrations, constraints, and what happens while it is away or busy."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from core_kit import START, at_once, codes, event, give_ses, results
from msgspec.structs import replace

from config_service.services.services import Services
from config_service.storage import connections, models
from config_service.storage.database import Database, StorageUnavailableError
from config_service.storage.migrating import migrate, pending
from config_service.storage.records import AuditRecord, SuppressionRecord
from config_service.storage.repositories import repositories

NOW = int(START.timestamp() * 1000)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database in which there is nothing yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    url = request.getfixturevalue("postgres_url")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    yield url


def test_migrations_run_once(empty_url: str) -> None:
    database = Database(empty_url)
    names = pending(database)
    assert names[:2] == ["0001_tables", "0002_identity_index"]
    assert migrate(database) == names
    assert pending(database) == migrate(database) == []
    database.close()


def test_two_processes_that_migrate_at_once_apply_each_migration_once(empty_url: str) -> None:
    barrier = threading.Barrier(2)

    def run(_: int) -> list[str]:
        database = Database(empty_url)
        try:
            barrier.wait(timeout=20)
            return migrate(database)
        finally:
            database.close()

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, range(2)))
    assert min(map(len, found)) == 0
    assert max(map(len, found)) >= 2


def test_the_models_columns_are_those_of_the_migrated_tables(database: Database) -> None:
    with database.reading():
        for model in models.MODELS:
            table = model._meta.table_name
            there = {
                column.name: column.null and not column.primary_key  # SQLite's own word on keys is "null"
                for column in database.peewee.get_columns(table)
            }
            expected = {field.column_name: field.null for field in model._meta.sorted_fields}
            assert there == expected, table
        tables = {model._meta.table_name for model in models.MODELS}
        assert tables < set(database.peewee.get_tables())


def test_columns_that_are_unique_are_so_where_there_is_no_clinic(database: Database) -> None:
    repos = repositories(database)
    entry = SuppressionRecord("a", None, "hash", None, "manual", 1, None)
    with database.transaction():
        repos.suppressions.add_all([entry])
    for clinic in (None, "c1"):
        rows = [("b", clinic), ("c", clinic)] if clinic else [("b", clinic)]
        with pytest.raises(StorageUnavailableError, match="somebody else"), database.transaction():  # noqa: PT012 - the transaction is the statement
            for row_id, of in rows:
                database.execute(
                    "INSERT INTO suppressions (id, clinic_id, address_hash, reason, since) VALUES (?, ?, 'hash', 'manual', 1)",
                    (row_id, of),
                )


def test_one_outcome_is_unique_where_there_is_no_clinic(services: Services) -> None:
    twice = [event(mail_message_id="m", source="noreply@healthcare.example") for _ in range(2)]
    assert results(services, *twice) == ["recorded", "duplicate"]


def test_an_error_rolls_everything_back(database: Database) -> None:
    repos = repositories(database)
    with pytest.raises(RuntimeError), database.transaction():  # noqa: PT012 - the transaction is the statement
        repos.audit.add(AuditRecord(NOW, "a", "r", "", "x"))
        with database.transaction():  # an inner block commits nothing by itself
            repos.audit.add(AuditRecord(NOW, "a", "r", "", "y"))
        raise RuntimeError
    assert repos.audit.of_clinic(None) == []
    with database.transaction(), database.transaction():
        repos.audit.add(AuditRecord(NOW, "a", "r", "", "z"))
    assert [row.action for row in repos.audit.of_clinic(None)] == ["z"]


@pytest.mark.parametrize("count", [1, 3, 40])
def test_of_rows_that_are_inserted_together_none_stays_where_one_cannot(
    database: Database, count: int
) -> None:
    good = [
        SuppressionRecord(str(number), "c1", f"hash {number}", None, "manual", NOW, None)
        for number in range(count)
    ]
    bad = replace(good[-1], address_hash=None)  # which the table refuses
    entries = repositories(database).suppressions
    with pytest.raises(StorageUnavailableError):
        entries.add_all([*good[:-1], bad])
    assert entries.of_addresses([each.address_hash for each in good]) == []
    entries.add_all(good)
    entries.add_all(good)
    assert len(entries.of_addresses([each.address_hash for each in good])) == count


def test_a_database_that_is_away_is_a_clear_error_and_not_an_answer(tmp_path: Path) -> None:
    nowhere = Database(f"postgresql:///x?host={tmp_path}")
    with pytest.raises(StorageUnavailableError) as raised:
        nowhere.ping()
    assert raised.value.retry_after
    with pytest.raises(StorageUnavailableError), nowhere.transaction():
        pass


def kill_all(url: str) -> None:
    """End every connection to this database but our own, as a restart of the server does."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_died_while_idle_costs_no_event(services: Services, database_url: str) -> None:
    give_ses(services, "c1")
    kill_all(database_url)
    assert results(services, event()) == ["recorded"]
    assert codes(services, "c1") == ["hard_bounce"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_after_a_connection_died_the_next_question_is_answered(services: Services, database_url: str) -> None:
    database = services.repositories.database
    for _ in range(2):
        database.ping()
        kill_all(database_url)
        database.ping()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_that_dies_in_a_transaction_changes_nothing(
    database: Database, database_url: str
) -> None:
    repos = repositories(database)
    with pytest.raises(StorageUnavailableError), database.transaction():  # noqa: PT012 - the transaction is the statement
        repos.audit.add(AuditRecord(NOW, "a", "r", "", "x"))
        kill_all(database_url)
        repos.audit.add(AuditRecord(NOW, "a", "r", "", "y"))
    assert repos.audit.of_clinic(None) == []
    with database.transaction():
        repos.audit.add(AuditRecord(NOW, "a", "r", "", "z"))
    assert [row.action for row in repos.audit.of_clinic(None)] == ["z"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_another_writer_keeps_locked_is_a_clear_error(
    services: Services, database_url: str
) -> None:
    give_ses(services, "c1")
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)
    with services.repositories.database.reading():
        services.repositories.database.execute("PRAGMA busy_timeout = 30")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailableError):
        results(services, event())
    assert codes(services, "c1") == []  # it can still be read
    other.execute("ROLLBACK")
    other.close()
    assert results(services, event()) == ["recorded"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1)],
)
def test_sqlite_is_set_up_to_lose_and_to_leave_nothing(
    database: Database, pragma: str, value: object
) -> None:
    with database.reading():
        assert database.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_a_lease_is_taken_by_one_of_two_at_once(services: Services, another_process: object) -> None:
    other = another_process()  # type: ignore[operator]
    found = at_once(
        *(
            (each, lambda s=each: s.repositories.leases.take("job", NOW, NOW + 9))
            for each in (services, other)
        )
    )
    assert sorted(found) == [False, True]


@pytest.mark.parametrize("scopes", [[""], ["c1"], ["", "c1"], []])
def test_the_day_of_the_latest_delivery_is_found_for_the_platform_alone_too(
    database: Database, scopes: list[str]
) -> None:
    events = repositories(database).events
    with database.transaction():
        for scope in ("", "c1"):
            events.note_delivery(scope, 20_000)
    assert events.latest_delivery_days(scopes) == dict.fromkeys(scopes, 20_000)


def test_the_oldest_connection_keeps_the_pages_that_it_read_and_one_beside_it_gives_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shrunk: list[sqlite3.Connection] = []
    monkeypatch.setattr(connections, "give_back_pages", shrunk.append)
    with closing(Database(f"sqlite:///{tmp_path}/pages.db")) as database, ThreadPoolExecutor(1) as beside:

        def lent() -> sqlite3.Connection:
            with database.reading():
                connection: sqlite3.Connection = database.peewee.connection()
                return connection

        with database.reading():
            oldest = database.peewee.connection()
            other = beside.submit(lent).result()
        assert (shrunk, other is oldest) == ([other], False)
        assert beside.submit(lent).result() is lent() is oldest
        assert shrunk == [other]
        database.close()
        anew = lent()
        assert (shrunk, anew is oldest) == ([other], False)


def test_pages_are_given_back_as_sqlite_does_it(tmp_path: Path) -> None:
    statements: list[str] = []
    with closing(sqlite3.connect(tmp_path / "pages.db")) as connection:
        connection.set_trace_callback(statements.append)
        connections.give_back_pages(connection)
    assert statements == ["PRAGMA shrink_memory"]
