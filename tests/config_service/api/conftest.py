"""Short ways to say what the tests of the HTTP side say often."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config_service import create_app
from config_service.providers.dns.resolver import DnsRecords

SHARED_TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
SOURCE = "noreply@clinic-domain.example"

Call = Callable[..., TestResponse]
MakeEvent = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _nothing_in_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer the doctor at once; it is tested beside this."""
    monkeypatch.setattr(DnsRecords, "_ask", lambda *_: [])


@pytest.fixture
def ses() -> dict[str, Any]:
    """Return the credentials that `set_up` gives a clinic."""
    return {
        "region": "us-east-1",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "fromEmail": SOURCE,
        "fromName": "My Clinic",
    }


@pytest.fixture
def call(client: FlaskClient, people: Any) -> Call:
    """Return what asks the API, as a SUPER_ADMIN where nobody else is named."""

    def ask(method: str, path: str, body: Any = None, headers: Any = None, **extra: Any) -> TestResponse:
        who = people.super_admin if headers is None else headers
        options = {"json": body} if body is not None else {}
        return client.open(path, method=method, headers=who, **options, **extra)

    return ask


@pytest.fixture
def of(call: Call) -> Call:
    """Return what asks about one clinic, such as `of("clinic-1", "GET", "config")`."""
    return lambda clinic_id, method, rest, *more, **extra: call(
        method, f"/api/v1/clinics/{clinic_id}/communication/{rest}", *more, **extra
    )


@pytest.fixture
def event() -> MakeEvent:
    """Return what makes an event as webhook_service sends it, each with ids of its own."""
    made = 0

    def make(
        kind: str = "Bounce", recipient: str | None = "jane@example.org", **changes: Any
    ) -> dict[str, Any]:
        nonlocal made
        made += 1
        document = {
            "snsMessageId": f"sns-{made}",
            "topicArn": SHARED_TOPIC,
            "kind": kind,
            "at": "2026-01-01T00:00:00+00:00",
            "recipient": recipient,
            "source": SOURCE,
            "mailMessageId": f"mail-{made}",
            **({"bounceType": "Permanent", "subType": "General"} if kind == "Bounce" else {}),
            **changes,
        }
        return {name: value for name, value in document.items() if value is not None}

    return make


@pytest.fixture
def report(record: Any, event: MakeEvent) -> Callable[..., dict[str, Any]]:
    """Return what makes one event, reports it and returns what became of it."""

    def post(*args: Any, **changes: Any) -> dict[str, Any]:
        (result,) = record(event(*args, **changes))
        found: dict[str, Any] = result
        return found

    return post


@pytest.fixture
def make_client(settings: Any, email_providers: Any, clock: Any) -> Iterator[Callable[..., FlaskClient]]:
    """Return what builds another application over the same database, with some settings changed."""
    made: list[Flask] = []

    def make(**changes: Any) -> FlaskClient:
        app = create_app(replace(settings, **changes), providers=email_providers, clock=clock, sweeping=False)
        app.testing = True
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        app.extensions["config_service"].repositories.database.close()


@dataclass(frozen=True)
class RawDatabase:
    """The database past the service, as the platform's own scripts and an operator see it."""

    url: str

    def set_at(self, clinic_id: str, path: str, value_json: str) -> None:
        """Write JSON at a path such as `email,primary` of a clinic's communication settings, as documented."""
        if self.url.startswith("sqlite"):
            where = "$.communicationSettings." + path.replace(",", ".")
            sql = "UPDATE clinics SET settings = json_set(COALESCE(settings, '{}'), ?, json(?)) WHERE id = ?"
        else:
            where = "{communicationSettings," + path + "}"
            sql = "UPDATE clinics SET settings = jsonb_set(COALESCE(settings, '{}'), %s::text[], %s::jsonb) WHERE id = %s"
        self._run(sql, (where, value_json, clinic_id))

    def dump(self) -> str:
        """Return everything that is stored, as text."""
        tables = (
            "clinics",
            "events",
            "held_events",
            "suppressions",
            "suppression_acts",
            "test_sends",
            "audit",
        )
        return "\n".join(str(self._run(f"SELECT * FROM {table}")) for table in tables)

    def break_down(self) -> None:
        """Take the database away under the running service."""
        if self.url.startswith("sqlite"):
            path = Path(self.url.removeprefix("sqlite:///"))
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()
            path.mkdir()
            return
        name = urlparse(self.url).path.removeprefix("/")
        server = self.url.replace(f"/{name}?", "/postgres?")
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )

    def _run(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection, connection:
                return connection.execute(sql, parameters).fetchall()
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def raw_database(database_url: str) -> RawDatabase:
    return RawDatabase(database_url)


@pytest.fixture
def break_database(raw_database: RawDatabase, services: Any) -> Callable[[], None]:
    """Return what takes the database away, for real."""

    def break_down() -> None:
        if services.repositories.database.is_sqlite:
            services.repositories.database.close()  # an open file would outlive its name
        raw_database.break_down()

    return break_down
