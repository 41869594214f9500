"""Probe and drift over HTTP: what is answered, to whom, and which refusals say what to do."""

from typing import Any

import pytest
from suppressed_fake import SesLists

CLINIC = "clinic-1"
ADDRESS = "jane@patients.example"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def probe(of: Any, set_up: Any) -> dict[str, Any]:
    set_up(CLINIC)
    answer = of(CLINIC, "POST", "probe", {})
    assert answer.status_code == 202
    found: dict[str, Any] = answer.json
    return found


def come(report: Any, probe: dict[str, Any], mailbox: str, kind: str) -> None:
    number = [mail["mailbox"] for mail in probe["mails"]].index(mailbox) + 1
    address = f"{mailbox}+{probe['probeId']}@simulator.amazonses.com"
    assert report(kind, address, mailMessageId=f"{CLINIC}-aws_ses-{number}")["result"] == "recorded"


def test_a_probe_is_started_followed_and_tidied_up(probe: dict[str, Any], of: Any, report: Any) -> None:
    assert (probe["status"], [mail["mailbox"] for mail in probe["mails"]]) == (
        "waiting",
        ["success", "bounce", "complaint"],
    )
    come(report, probe, "success", "Delivery")
    come(report, probe, "bounce", "Bounce")
    come(report, probe, "complaint", "Complaint")
    path = f"probe/{probe['probeId']}"

    followed = of(CLINIC, "GET", path).json
    assert followed["status"] == "passed"
    assert [hop["name"] for hop in followed["mails"][1]["hops"]] == [
        "sent",
        "event",
        "recorded",
        "suppressed",
    ]
    assert len(of(CLINIC, "GET", "suppressions").json["suppressions"]) == 2

    cleared = of(CLINIC, "DELETE", path)

    assert (cleared.status_code, cleared.json["mails"][2]["hops"][-1]["name"]) == (200, "removed")
    assert of(CLINIC, "GET", "suppressions").json["suppressions"] == []


def test_looking_at_a_probe_changes_nothing(
    probe: dict[str, Any], of: Any, report: Any, raw_database: Any
) -> None:
    come(report, probe, "bounce", "Bounce")
    before = raw_database.dump()

    of(CLINIC, "GET", f"probe/{probe['probeId']}")

    assert raw_database.dump() == before


@pytest.mark.parametrize("probe_id", ["unknown", "%", "probe-", "0" * 500, "\u2028"])
def test_a_probe_that_is_not_there_is_not_found(probe: dict[str, Any], of: Any, probe_id: str) -> None:
    answer = of(CLINIC, "GET", f"probe/{probe_id}")
    assert (answer.status_code, answer.json["code"]) == (404, "probe_not_found")


def test_a_loss_says_at_which_hop_and_what_to_do(probe: dict[str, Any], of: Any, clock: Any) -> None:
    clock.advance(60_000)
    (lost, *_) = (mail["lost"] for mail in of(CLINIC, "GET", f"probe/{probe['probeId']}").json["mails"])
    assert (lost["hop"], lost["code"]) == ("event", "probe_no_event")
    assert "communication/health" in lost["hint"]


def test_too_many_probes_are_told_when_to_come_again(make_client: Any, people: Any, set_up: Any) -> None:
    set_up(CLINIC)
    client, path = make_client(probes_per_hour=1), f"/api/v1/clinics/{CLINIC}/communication/probe"
    answers = [client.post(path, json={}, headers=people.super_admin) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 429]
    assert (answers[1].json["code"], answers[1].headers["Retry-After"]) == ("too_many_probes", "3600")


def test_a_clinic_admin_compares_and_repairs_its_own_account(
    of: Any, people: Any, set_up: Any, ses_list: SesLists
) -> None:
    set_up(CLINIC)
    ses_list.have(ADDRESS)
    who = people.clinic_admin(CLINIC)

    report = of(CLINIC, "GET", "suppressions/drift", headers=who).json
    assert report["onlyAtSes"] == {
        "count": 1,
        "addresses": [
            {"email": "j***@patients.example", "reason": "BOUNCE", "since": "2026-01-01T00:00:00+00:00"}
        ],
    }
    tried = of(CLINIC, "POST", "suppressions/drift/repair", {}, headers=who).json
    assert (tried["dryRun"], tried["addedHere"]) == (True, 1)
    assert of(CLINIC, "GET", "suppressions").json["suppressions"] == []

    done = of(CLINIC, "POST", "suppressions/drift/repair", {"dryRun": False}, headers=who).json

    assert (done["dryRun"], done["addedHere"]) == (False, 1)
    assert [each["email"] for each in of(CLINIC, "GET", "suppressions").json["suppressions"]] == [ADDRESS]


def test_on_a_shared_account_a_clinics_own_people_see_nothing(
    of: Any, people: Any, set_up: Any, ses_list: SesLists
) -> None:
    set_up(CLINIC)
    set_up("clinic-2", fromEmail="noreply@others.example")
    ses_list.have(ADDRESS)
    asked = (("GET", "suppressions/drift", None), ("POST", "suppressions/drift/repair", {"dryRun": False}))
    for who in (people.clinic_admin(CLINIC), people.clinic_admin(CLINIC, "clinic-2")):
        for method, rest, body in asked:
            answer = of(CLINIC, method, rest, body, headers=who)
            assert (answer.status_code, answer.json["code"]) == (403, "account_shared")
            assert "patients.example" not in answer.text
    assert of(CLINIC, "GET", "suppressions/drift").json["shared"] is True


@pytest.mark.parametrize(
    ("aws", "status", "code"),
    [
        ("AccessDeniedException", 422, "aws_access_denied"),
        ("InvalidClientTokenId", 422, "aws_refused"),
        ("ServiceUnavailable", 422, "aws_refused"),
    ],
)
def test_what_aws_refuses_is_told(
    of: Any, set_up: Any, ses_list: SesLists, aws: str, status: int, code: str
) -> None:
    set_up(CLINIC)
    ses_list.refusal = aws
    answer = of(CLINIC, "GET", "suppressions/drift")
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.json["hint"]


def test_a_clinic_without_ses_has_no_such_list(of: Any, ses_list: SesLists) -> None:
    smtp = {"host": "smtp.example.org", "port": 587, "fromEmail": "a@clinic.example"}
    primary = {"provider": "smtp", "enabled": True, "priority": 1, "credentials": smtp}
    of(CLINIC, "PUT", "config", {"email": {"primary": primary}})
    answer = of(CLINIC, "GET", "suppressions/drift")
    assert (answer.status_code, "communication/ses" in answer.json["hint"]) == (422, True)
