"""The audit trail can be added to and read, and nothing else; it is exported row by row."""

import csv
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import peewee
import psycopg
import pytest
from core_kit import PATIENT, ROOT, codes, event, give_ses, results

from config_service import create_services
from config_service.clock import DAY
from config_service.commands import purge
from config_service.services import retention
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.storage.audit import AuditFilter

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "retention.md"
ROLE = "clinic_mail_service"
CHANGES = [
    "UPDATE audit SET actor = 'nobody'",
    "DELETE FROM audit",
    "DELETE FROM audit WHERE id = 1",
    "UPDATE audit SET id = id + 1000",
]
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("statement", CHANGES)
def test_no_row_is_changed_or_removed(services: Services, statement: str) -> None:
    give_ses(services, "c1")
    before = services.audit.page(AuditFilter())
    database = services.repositories.database
    with database.reading(), pytest.raises(peewee.PeeweeException, match="neither changed nor removed"):
        database.execute(statement)
    assert services.audit.page(AuditFilter()) == before != []


@ON_SQLITE
def test_sqlite_replaces_no_row_either(services: Services) -> None:
    give_ses(services, "c1")
    (row, *_) = services.audit.page(AuditFilter())
    database = services.repositories.database
    sql = "INSERT OR REPLACE INTO audit SELECT id, at, 'nobody', role, request_id, clinic_id, action, fields FROM audit"
    with database.reading(), pytest.raises(peewee.PeeweeException, match="neither changed nor removed"):
        database.execute(sql)
    assert services.audit.page(AuditFilter())[0] == row


@ON_POSTGRESQL
def test_postgresql_empties_no_trail(services: Services) -> None:
    give_ses(services, "c1")
    database = services.repositories.database
    with database.reading(), pytest.raises(peewee.PeeweeException, match="neither changed nor removed"):
        database.execute("TRUNCATE audit")
    assert services.audit.page(AuditFilter())


@pytest.fixture
def service_role(settings: ConfigSettings) -> Iterator[str]:
    """Return the URL of a role that owns nothing and has the rights that the guide gives it."""
    grants = re.findall(r"```sql\n(.*?)```", GUIDE.read_text(), re.DOTALL)[-1]
    parts = urlsplit(settings.database_url)
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        owner.execute(f"DROP ROLE IF EXISTS {ROLE}".encode())
        owner.execute(f"CREATE ROLE {ROLE} LOGIN".encode())
        for statement in filter(str.strip, grants.split(";")):
            owner.execute(statement.encode())
    yield urlunsplit(parts._replace(netloc=f"{ROLE}@"))
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        owner.execute(f"DROP OWNED BY {ROLE}".encode())
        owner.execute(f"DROP ROLE {ROLE}".encode())


@ON_POSTGRESQL
def test_a_role_that_owns_nothing_serves_and_can_only_add_to_the_trail(
    service_role: str, settings: ConfigSettings, email_providers: Any, clock: Any
) -> None:
    restricted = replace(settings, database_url=service_role, production=True, event_retention_days=60)
    services = create_services(restricted, providers=email_providers, clock=clock)
    give_ses(services, "c1")
    assert results(services, event()) == ["recorded"]
    clock.advance(100 * DAY)
    assert services.sweep.run()
    services.erasure.erase(None, PATIENT, ROOT, "a note")
    assert codes(services, "c1") == ["hard_bounce"]
    assert services.audit.page(AuditFilter())
    database = services.repositories.database
    for statement in (
        *CHANGES,
        "TRUNCATE audit",
        "DROP TRIGGER audit_unchanged ON audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "DROP TABLE audit",
    ):
        refused = pytest.raises(peewee.PeeweeException, match=r"permission denied|must be owner")
        with database.reading(), refused:
            database.execute(statement)
    database.close()


def test_the_trail_is_read_by_clinic_and_time_in_pages(services: Services, clock: Any) -> None:
    for number in range(7):
        clock.advance(1000)
        services.audit.write(ROOT, f"deed {number}", "c1" if number % 2 else None)
    zero = clock.now - 7000
    wanted = AuditFilter(since=zero + 2000, until=zero + 7000, limit=2)
    found, page = [], services.audit.page(wanted)
    while page:
        found += [row.action for row in page]
        page = services.audit.page(replace(wanted, before=(page[-1].at, page[-1].id or 0)))
    assert found == [f"deed {number}" for number in (5, 4, 3, 2, 1)]
    assert [row.action for row in services.audit.page(AuditFilter("c1"))] == ["deed 5", "deed 3", "deed 1"]


@pytest.fixture
def exported(services: Services, command: Any) -> Any:
    def export(*options: str) -> list[str]:
        code, lines, error = command("audit", "export", *options)
        assert code == 0, error
        found: list[str] = lines
        return found

    return export


def test_the_export_is_json_lines_the_oldest_first_and_is_audited(
    services: Services, exported: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config_service.storage.audit._STREAMED", 2)
    give_ses(services, "c1")
    for number in range(3):
        services.audit.write(ROOT, f"deed {number}", "c1", ["a", "b"])
    rows = [json.loads(line) for line in exported("--until", "2026-01-02")]
    assert [row["action"] for row in rows][-3:] == ["deed 0", "deed 1", "deed 2"]
    assert rows[-1] == {
        "id": rows[-1]["id"],
        "at": "2026-01-01T00:00:00.000+00:00",
        "actor": "root",
        "role": "SUPER_ADMIN",
        "action": "deed 2",
        "clinicId": "c1",
        "fields": ["a", "b"],
        "requestId": "",
    }
    assert exported("--until", "2026-01-01", "--clinic", "c1") == []
    latest = services.audit.page(AuditFilter(limit=2))
    assert [(row.action, row.clinic_id) for row in latest] == [
        ("audit.exported", "c1"),
        ("audit.exported", None),
    ]


def test_the_export_is_csv_that_no_spreadsheet_runs(services: Services, exported: Any) -> None:
    services.audit.write(replace(ROOT, name="=1+1"), "deed", None, ["a", "b"])
    header, row = csv.reader(exported("--format", "csv", "--until", "2026-01-02T00:00:00+00:00"))
    assert header == ["id", "at", "actor", "role", "action", "clinicId", "fields", "requestId"]
    assert row[2:] == ["'=1+1", "SUPER_ADMIN", "deed", "", "a b", ""]


def test_an_export_of_no_time_is_explained(exported: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        exported("--since", "yesterday")
    assert "--since" in capsys.readouterr().err


@ON_SQLITE
def test_the_file_itself_refuses_other_programs(services: Services, database_url: str, settings: Any) -> None:
    give_ses(services, "c1")
    connection = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
    with pytest.raises(sqlite3.IntegrityError, match="neither changed nor removed"):
        connection.execute("DELETE FROM audit")
    connection.close()


def test_the_command_that_erases_takes_the_address_from_standard_input(
    services: Services, command: Any
) -> None:
    give_ses(services, "c1")
    results(services, event())
    options = ("erase", "--email-from-stdin", "--note", "Asked for by letter", "--actor", "ann")
    assert command(*options, stdin=f"{PATIENT}\n") == (0, ["Erased: 1 events, 1 suppressions."], "")
    assert command(*options, stdin=PATIENT) == (0, ["It was erased already; nothing was changed."], "")
    (row, *_) = services.audit.page(AuditFilter())
    assert (row.actor, row.action) == ("command:ann", "address.erased")
    code, lines, error = command(*options, "--clinic", "c2", stdin=PATIENT)
    assert (code, lines) == (1, [])
    assert error.startswith("Nothing is stored of this address")
    assert PATIENT not in error
    code, _, error = command("erase", "--email-from-stdin", "--note", "x" * 1001, stdin=PATIENT)
    assert (code, "--note" in error) == (1, True)


def test_the_command_that_removes_old_events_tells_how_far_it_is_from_time_to_time(
    services: Services, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_ses(services, "c1")
    results(services, *(event() for _ in range(5)))
    with services.repositories.database.reading():
        services.repositories.database.execute("UPDATE events SET received_at = 0, at = 0")
    monkeypatch.setenv("EVENT_RETENTION_DAYS", "60")
    monkeypatch.setattr(retention, "PAGE", 1)
    monkeypatch.setattr(purge, "_TOLD", 2)

    code, lines, told = command("purge", "--dry-run")

    assert (code, lines) == (0, ["Would remove 5 events."])
    assert told.splitlines() == [
        "looked at 2 events, 2 of them due",
        "looked at 4 events, 4 of them due",
    ]


def test_the_command_that_removes_old_events_counts_first_and_says_what_waits(
    services: Services, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_ses(services, "c1")
    results(services, event(), event(source="who@nowhere.example"))  # of 2026-01-01 by their clock
    database = services.repositories.database
    with database.reading():
        database.execute("UPDATE events SET received_at = 0, at = 0")
        database.execute("UPDATE held_events SET received_at = 0")
    code, _, error = command("purge")
    assert (code, "EVENT_RETENTION_DAYS is not set" in error) == (1, True)
    monkeypatch.setenv("EVENT_RETENTION_DAYS", "60")
    held = "1 held events are older and stay until they are applied, assigned or dismissed."
    assert command("purge", "--dry-run")[:2] == (0, ["Would remove 1 events.", held])
    assert command("purge")[:2] == (0, ["Removed 1 events.", held])
    assert command("purge")[:2] == (0, ["Removed 0 events.", held])
    monkeypatch.setenv("EVENT_RETENTION_DAYS", "59")
    code, _, error = command("purge")
    assert (code, "at least 60" in error) == (1, True)
