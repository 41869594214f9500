"""`probe` and `drift` of the command line: what they print, and how they end where something is wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from core_kit import ROOT, event, give_ses
from suppressed_fake import PLATFORM_ACCOUNT, SesLists

from config_service.commands import probe
from config_service.providers.base import SendRefusedError
from config_service.services.services import Services
from config_service.settings import ConfigSettings

CLINIC = "c1"
BROKEN = {"accessKeyId": "AKIATHEBROKENEXAMPLE", "fromEmail": "noreply@broken.example"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def refusing(services: Services, email_providers: Any, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Return the use cases that the command opens, where SES refuses every mail."""

    @contextmanager
    def opened(_: ConfigSettings) -> Iterator[Services]:
        yield services

    monkeypatch.setattr(probe, "opened", opened)
    give_ses(services, CLINIC)
    email_providers.refuse_with(
        SendRefusedError("Not [verified].", code="ses_identity_not_verified", hint="Verify [it].")
    )
    return services


@pytest.mark.usefixtures("refusing")
def test_a_probe_that_ses_refuses_shows_each_mail_with_the_reason_and_what_to_do(command: Any) -> None:
    code, lines, _ = command("probe", "--clinic", CLINIC)

    assert code == 2
    assert [line.rstrip() for line in lines[:3]] == [
        "success    lost (ses_identity_not_verified)",
        "           Not [verified].",
        "           Verify [it].",
    ]
    assert [line.split()[0] for line in lines[::3]] == ["success", "bounce", "complaint", "lost:"]
    assert lines[-1].endswith(f"of {CLINIC}")


@pytest.mark.usefixtures("refusing")
def test_a_probe_as_json_is_one_line_that_tells_the_same(command: Any) -> None:
    code, (line,), _ = command("probe", "--clinic", CLINIC, "--json")

    shown = json.loads(line)
    assert (code, shown["status"]) == (2, "lost")
    assert {(mail["lost"]["code"], mail["lost"]["hint"]) for mail in shown["mails"]} == {
        ("ses_identity_not_verified", "Verify [it].")
    }


def test_two_lists_that_are_the_same_show_no_table(
    services: Services, ses_list: SesLists, command: Any
) -> None:
    give_ses(services, CLINIC)

    code, lines, error = command("drift", "--clinic", CLINIC)

    assert (code, error) == (0, "")
    assert lines == [
        "Account 111111111111 in us-east-1, of 1 clinic(s): 0 at SES, 0 in both",
        "     0 SES suppresses it, we do not",
        "     0 removed here, SES still suppresses it",
        "     0 we suppress it, SES does not",
    ]


def test_what_a_repair_has_to_leave_is_named_with_the_reason_and_without_the_address(
    services: Services, ses_list: SesLists, command: Any
) -> None:
    give_ses(services, CLINIC)
    services.feedback.record([event("Bounce")])
    services.erasure.erase(None, "jane@patients.example", ROOT, "asked")

    code, lines, _ = command("drift", "--clinic", CLINIC, "--repair", "--put-to-ses", "--yes")

    assert code == 1
    assert lines[-2].startswith("Repaired: 0 added here, 0 deleted at SES, 0 put to SES, 1 left")
    assert lines[-1].endswith(": The address was erased, so that only its hash is known.")
    assert "jane" not in "".join(lines)


def test_a_clinic_whose_key_is_refused_is_named_and_the_others_are_compared_all_the_same(
    services: Services, ses_list: SesLists, command: Any
) -> None:
    give_ses(services, CLINIC)
    give_ses(services, "c2", **BROKEN)
    ses_list.broken.add("222222222222")

    code, lines, error = command("drift", "--all", "--json")

    assert code == 3
    assert {json.loads(line)["account"] for line in lines} == {PLATFORM_ACCOUNT, "111111111111"}
    (told,) = error.splitlines()
    assert told.startswith("c2: ")
    assert "AKIATHEBROKENEXAMPLE" not in told
