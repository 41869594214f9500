"""The doctor over a real database, through the API and the command; AWS is away in all of it."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient

from config_service.commands import doctor as command
from config_service.commands.doctor_report import DoctorReport
from config_service.errors import TooManyRequestsError
from config_service.providers.aws_health.permissions import ACTIONS
from config_service.providers.dns.resolver import DnsRecords
from config_service.services.doctor import doctor as doctor_module
from config_service.services.doctor.doctor import AT_ONCE
from config_service.services.doctor.finding import Finding, Report, Status
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.storage.records import ClinicRecord

TROUBLESHOOTING = Path(__file__).resolve().parents[3] / "docs" / "troubleshooting.md"
CLINIC = "clinic-1"
HEALTH = f"/api/v1/clinics/{CLINIC}/communication/health"


@pytest.fixture(autouse=True)
def _aws_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing in the DNS, and nobody at AWS's address."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(DnsRecords, "_ask", lambda *_: [])


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def _save(services: Services, clinic_id: str = CLINIC, **credentials: Any) -> None:
    primary = {"provider": "aws_ses", "enabled": True, "priority": 1, "credentials": credentials}
    settings = {"communicationSettings": {"email": {"primary": primary}}}
    with services.repositories.database.transaction():
        services.repositories.clinics.save(ClinicRecord(clinic_id, settings))


KEY = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "a-secret-of-a-test"}
GOOD = {"region": "us-east-1", "fromEmail": "noreply@clinic.example", **KEY}


def _by_id(report: Report) -> dict[str, Finding]:
    return {finding.check: finding for finding in report.findings}


@pytest.mark.parametrize(
    ("credentials", "check", "code"),
    [
        ({**GOOD, "fromEmail": None}, "settings.sender", "sender_missing"),
        ({**GOOD, "secretAccessKey": None}, "settings.complete", "settings_invalid"),
        ({**GOOD, "region": "us-esat-1"}, "settings.complete", "settings_invalid"),
        ({**GOOD, "region": None}, "account.region", "region_unknown"),
        ({**GOOD, "snsTopicArn": "no arn"}, "settings.complete", "settings_invalid"),
        ({"region": "us-east-1", "fromEmail": "a@b.example"}, "credentials.valid", "credentials_missing"),
    ],
)
def test_what_a_direct_update_left_wrong_is_named(
    services: Services, credentials: dict[str, Any], check: str, code: str
) -> None:
    _save(services, **credentials)
    found = _by_id(services.doctor.of_clinic(CLINIC))[check]
    assert (found.status, found.code) == (Status.FAIL, code)


def test_an_aws_that_is_away_makes_checks_unknown_and_the_settings_are_read_all_the_same(
    services: Services,
) -> None:
    _save(services, **GOOD)
    found = _by_id(services.doctor.of_clinic(CLINIC))
    assert found["settings.complete"].status == Status.PASS
    assert found["credentials.valid"].status == found["account.sandbox"].status == Status.UNKNOWN
    assert found["account.sandbox"].code == "not_answered"


def test_credentials_whose_key_is_gone_are_named_with_it(services: Services) -> None:
    _save(services, **{**GOOD, "secretAccessKey": "sealed:k0:" + "A" * 60})
    found = _by_id(services.doctor.of_clinic(CLINIC))
    assert found["settings.complete"].code == "sealing_key_missing"
    assert "'k0'" in found["settings.complete"].seen
    assert found["keys.sealing"].code == "sealed_with_old_key"
    assert found["account.sandbox"].status == Status.UNKNOWN


def test_a_sender_that_two_clinics_use_is_named_by_neither_name(services: Services) -> None:
    _save(services, **GOOD)
    _save(services, "clinic-2", **GOOD)
    found = _by_id(services.doctor.of_clinic(CLINIC))["mapping.sender"]
    assert found.code == "sender_shared"
    assert "clinic-2" not in found.seen + found.remedy + found.command


def test_no_secret_and_no_patient_stands_in_a_report(
    client: FlaskClient, services: Services, people: Any
) -> None:
    _save(services, **GOOD)
    answer = client.get(HEALTH, headers=people.super_admin)
    assert answer.status_code == 200
    assert GOOD["secretAccessKey"] not in answer.text


@pytest.mark.parametrize(
    ("who", "status"), [("super_admin", 200), ("admin", 200), ("head", 200), ("stranger", 403)]
)
def test_who_may_view_a_clinic_may_see_its_health(
    client: FlaskClient, services: Services, people: Any, who: str, status: int
) -> None:
    _save(services, region="us-east-1")
    headers = {
        "super_admin": people.super_admin,
        "admin": people.clinic_admin(CLINIC),
        "head": people.location_head(CLINIC),
        "stranger": people.clinic_admin("clinic-2"),
    }[who]
    assert client.get(HEALTH, headers=headers).status_code == status


def test_the_health_of_an_unknown_clinic_is_404_and_nobody_may_ask_without_a_token(
    client: FlaskClient, people: Any
) -> None:
    assert client.get(HEALTH, headers=people.super_admin).status_code == 404
    assert client.get(HEALTH).status_code == 401


def test_more_examinations_than_there_is_room_for_are_asked_to_come_again(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    _save(services, **GOOD)
    doctor = services.doctor
    for _ in range(AT_ONCE):
        assert doctor._room.acquire(blocking=False)
    with pytest.raises(TooManyRequestsError) as caught:
        doctor.of_clinic(CLINIC)
    assert (caught.value.code, bool(caught.value.retry_after)) == ("doctor_busy", True)
    doctor._room.release()
    monkeypatch.setattr(doctor_module, "side_by_side", _raises)
    with pytest.raises(ZeroDivisionError):
        doctor.of_clinic(CLINIC)
    assert doctor._room.acquire(blocking=False)  # given back in spite of the failure


def _raises(*_: Any) -> Any:
    raise ZeroDivisionError


def test_a_check_that_takes_too_long_is_unknown(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    _save(services, **GOOD)
    never = Event()
    slow = replace(doctor_module.EVERY_CHECK[-1], look=lambda _: never.wait(20))
    monkeypatch.setattr(doctor_module, "EVERY_CHECK", (*doctor_module.settings_checks.CHECKS, slow))
    monkeypatch.setattr(services.doctor, "_limit", 0.2)
    found = _by_id(services.doctor.of_clinic(CLINIC))[slow.id]
    never.set()
    assert (found.status, found.code) == (Status.UNKNOWN, "not_answered")
    assert "0.2 s" in found.seen


def _options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(arguments)


REPORTS = {
    Status.PASS: 0,
    Status.WARN: 1,
    Status.FAIL: 2,
    Status.UNKNOWN: 3,
}


@pytest.fixture
def run(settings: ConfigSettings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command over reports of the given statuses."""

    def _run(*statuses: Status, arguments: tuple[str, ...] = ("--all",)) -> int:
        reports = [
            Report(
                f"clinic-{number}",
                0,
                1200,
                (Finding("a.b", "A [check]", status, "s[een]", 0, "c", "r", "> c"),),
            )
            for number, status in enumerate(statuses)
        ]
        monkeypatch.setattr(doctor_module.Doctor, "of_all", lambda _: iter(reports))
        return command.run(settings, _options(*arguments))

    return _run


@pytest.mark.parametrize(("status", "code"), REPORTS.items())
def test_the_exit_code_is_the_worst_status(run: Any, status: Status, code: int) -> None:
    assert run(Status.PASS, status) == code
    assert run(status, Status.PASS) == code


def test_the_command_shows_each_finding_with_its_remedy(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run(Status.FAIL)
    shown = capsys.readouterr().out
    for text in (
        "Clinic clinic-0",
        "fail",
        "A [check]",
        "s[een]",
        "since 1970-01-01 00:00 UTC",
        "> c",
        "1.2 s",
    ):
        assert text in shown


def test_a_finding_without_a_time_or_a_remedy_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("a.b", "Region", Status.PASS, "us-east-1")
    DoctorReport().show(Report(None, 0, 1200, (finding,)))
    whose, told, summary = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert whose == "The platform's own account"
    assert told.split() == ["pass", "Region", "us-east-1"]
    assert summary == "pass: 1 pass, in 1.2 s"


def test_without_a_clinic_the_command_examines_the_platforms_own_account(
    settings: ConfigSettings, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    _save(services, **GOOD)
    code = command.run(settings, _options())
    shown = capsys.readouterr().out
    assert "The platform's own account" in shown
    assert CLINIC not in shown
    assert code == command.EXIT_CODES[services.doctor.of_platform().status]


def test_the_guide_and_the_policy_are_printed_without_a_database(
    settings: ConfigSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = replace(settings, database_url="postgresql://nobody@127.0.0.1:1/nowhere")
    assert command.run(nowhere, _options("--guide")) == 0
    assert capsys.readouterr().out == TROUBLESHOOTING.read_text(encoding="utf-8")
    assert command.run(nowhere, _options("--print-policy")) == 0
    (statement,) = json.loads(capsys.readouterr().out)["Statement"]
    assert (statement["Effect"], sorted(statement["Action"])) == ("Allow", sorted(ACTIONS))


def test_with_json_the_command_prints_what_the_api_answers(
    run: Any, capsys: pytest.CaptureFixture[str], client: FlaskClient, services: Services, people: Any
) -> None:
    run(Status.FAIL, Status.PASS, arguments=("--all", "--json"))
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["status"], second["status"]) == ("fail", "pass")
    _save(services, region="us-east-1")
    answered = client.get(HEALTH, headers=people.super_admin).json
    assert answered.keys() == first.keys() | {"success"}
    assert answered["checks"][0].keys() == first["checks"][0].keys()


def test_a_clinic_that_does_not_exist_ends_as_unknown_with_a_sentence(
    settings: ConfigSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.run(settings, _options("--clinic", "nobody")) == 3
    assert "There is no clinic 'nobody'" in capsys.readouterr().err
