"""No secret and no patient's address is readable in the database's files, in a dump, or in a log."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from core_kit import ROOT, SECRET, event, give_ses, results, soft

from config_service.services.services import Services
from config_service.storage.models import MODELS
from config_service.storage.suppressions import SuppressionFilter
from shared.logging import configure_logging

MARK = "planted-patient"
PATIENT = f"{MARK}@patients.example"


@pytest.fixture(autouse=True)
def _logging(app: Any) -> Iterator[None]:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    root.level, root.handlers[:] = before


def dump(database_url: str) -> bytes:
    if database_url.startswith("sqlite:"):
        path = Path(database_url.removeprefix("sqlite:///"))
        return b"".join(found.read_bytes() for found in path.parent.glob(f"{path.name}*"))
    with psycopg.connect(database_url) as pg:
        tables = [model._meta.table_name for model in MODELS]
        rows = [pg.execute(f"SELECT t::text FROM {table} t".encode()).fetchall() for table in tables]
    return repr(rows).encode()


def test_nothing_that_was_done_with_a_patient_or_a_secret_can_be_read(
    services: Services, client: Any, people: Any, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("DEBUG")  # to the stderr that capsys has put in place
    give_ses(services, "c1")
    services.test_emails.send("c1", PATIENT, ROOT)
    detail = f"550 no such user {PATIENT}"
    unknown = {"source": "x@nowhere.example", "recipient": PATIENT, "detail": detail}
    raw = f'{{"mail": "{PATIENT}"}}'
    results(
        services,
        soft(recipient=PATIENT, detail=detail),
        event("Delivery", recipient=PATIENT.upper(), detail=detail),
        event("Complaint", recipient=f"{MARK}2@patients.example"),
        event(**unknown),
        event("Unreadable", recipient=None, raw=raw, detail=raw),
    )
    services.suppressions.add("c1", PATIENT, ROOT, f"{PATIENT} called")
    (entry,) = [
        each
        for each in services.suppressions.page("c1", SuppressionFilter(now=0))[0]
        if each.email == PATIENT
    ]
    services.suppressions.remove("c1", entry.id, ROOT, f"spoke with {PATIENT}", consent=True)
    services.transfer.load("c1", ["email,reason\n", f"{PATIENT},manual\n", f"{MARK}3@x.example,none\n"], ROOT)
    services.transfer.load(None, ["email\n", f"{MARK}4@x.example\n"], ROOT)
    url = "/api/v1/clinics/c1/communication"
    client.post(f"{url}/suppressions/check", json={"email": PATIENT}, headers=people.super_admin)
    client.post(f"{url}/test-email", json={"testEmail": f"{PATIENT}, {PATIENT}"}, headers=people.super_admin)
    client.get(f"{url}/events?email={PATIENT}", headers=people.super_admin)
    assert services.sweep.run()

    stored, logged = dump(database_url).lower(), capsys.readouterr().err.lower()
    assert b"c1" in stored
    assert "logging error" not in logged, logged
    assert '"route"' in logged
    for secret in (MARK, SECRET.lower(), "akiaiosfodnn7example"):
        assert secret.encode() not in stored
        assert secret not in logged
