"""The stand-in's account-level suppression list, and the command that compares it with ours."""

import json
import uuid
from typing import Any

import pytest
from aws_setup_kit import CLINIC, World
from botocore.exceptions import ClientError
from local_aws_live import Stack

from config_service.__main__ import main
from config_service.providers import suppressed_destinations
from config_service.services.principal import SUPER_ADMIN, Principal
from config_service.services.services import Services

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]

ROOT = Principal("root", SUPER_ADMIN)


@pytest.fixture
def ses(stack: Stack) -> Any:
    """Return a client of an account of the test's own."""
    return stack.client("sesv2", account=str(uuid.uuid4().int)[:12])


def names(page: dict[str, Any]) -> list[str]:
    return [each["EmailAddress"] for each in page["SuppressedDestinationSummaries"]]


def test_an_address_is_kept_as_it_is_spelt_and_found_by_that_alone(ses: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="Jane+x@b.example", Reason="COMPLAINT")

    found = ses.get_suppressed_destination(EmailAddress="Jane+x@b.example")["SuppressedDestination"]
    assert (found["EmailAddress"], found["Reason"]) == ("Jane+x@b.example", "COMPLAINT")
    for ask in (ses.get_suppressed_destination, ses.delete_suppressed_destination):
        with pytest.raises(ClientError, match="NotFoundException"):
            ask(EmailAddress="jane+x@b.example")
    ses.delete_suppressed_destination(EmailAddress="Jane+x@b.example")
    assert names(ses.list_suppressed_destinations()) == []


def test_the_list_is_paged_and_filtered_and_every_accounts_own(ses: Any, stack: Stack) -> None:
    for number in range(3):
        ses.put_suppressed_destination(
            EmailAddress=f"{number}@b.example", Reason="BOUNCE" if number else "COMPLAINT"
        )

    first = ses.list_suppressed_destinations(PageSize=2)
    second = ses.list_suppressed_destinations(PageSize=2, NextToken=first["NextToken"])

    assert names(first) + names(second) == [f"{number}@b.example" for number in range(3)]
    assert "NextToken" not in second
    assert names(ses.list_suppressed_destinations(Reasons=["COMPLAINT"])) == ["0@b.example"]
    since = first["SuppressedDestinationSummaries"][0]["LastUpdateTime"]
    assert len(names(ses.list_suppressed_destinations(StartDate=since.replace(year=since.year - 1)))) == 3
    assert names(ses.list_suppressed_destinations(StartDate=since.replace(year=since.year + 1))) == []
    other = stack.client("sesv2", account=str(uuid.uuid4().int)[:12])
    assert names(other.list_suppressed_destinations()) == []


def test_what_is_no_address_or_no_reason_is_refused(ses: Any) -> None:
    for address, reason in (("nobody", "BOUNCE"), ("a@b.example", "DISLIKE")):
        with pytest.raises(ClientError, match="BadRequestException"):
            ses.put_suppressed_destination(EmailAddress=address, Reason=reason)


def test_mail_to_what_is_on_the_list_bounces_whatever_its_capitals(
    stack: Stack, topic: str, heard: Any
) -> None:
    sender = stack.client("sesv2")
    sender.create_email_identity(EmailIdentity="suppressing.example")
    stack.client("ses").set_identity_notification_topic(
        Identity="suppressing.example", NotificationType="Bounce", SnsTopic=topic
    )
    sender.put_suppressed_destination(EmailAddress="Gone@b.example", Reason="BOUNCE")
    text = {"Data": "x"}
    sender.send_email(
        FromEmailAddress="a@suppressing.example",
        Destination={"ToAddresses": ["gone@b.example"]},
        Content={"Simple": {"Subject": text, "Body": {"Text": text}}},
    )

    bounce = heard.wait_for(lambda post: "gone@b.example" in post.text).message
    assert bounce["bounce"]["bounceSubType"] == "OnAccountSuppressionList"


@pytest.fixture
def drift(world: World, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Return what runs the command about the clinic, and returns its exit code and what it printed."""
    world.give_clinic(world.names.clinic, account=CLINIC)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(suppressed_destinations, "PAUSE", 0)

    def run(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["drift", *arguments])
        return code, capsys.readouterr().out

    return run


def listed(services: Services, clinic_id: str) -> list[str | None]:
    rows = services.repositories.suppressions.every(clinic_id)
    return sorted(str(services.suppressions.shown(row).email) for row in rows)


def test_the_command_reports_then_repairs_and_then_finds_nothing(world: World, drift: Any) -> None:
    clinic, ses = world.names.clinic, world.aws("sesv2", CLINIC)
    for name in [
        each["EmailAddress"] for each in ses.list_suppressed_destinations()["SuppressedDestinationSummaries"]
    ]:
        ses.delete_suppressed_destination(EmailAddress=name)
    removed = world.services.suppressions.add(clinic, "back@b.example", ROOT)[0]
    ses.put_suppressed_destination(EmailAddress="Back@b.example", Reason="BOUNCE")
    ses.put_suppressed_destination(EmailAddress="Gone@b.example", Reason="COMPLAINT")
    world.services.suppressions.remove(clinic, removed.id, ROOT, "They corrected it.", consent=False)

    code, out = drift("--clinic", clinic)
    assert (code, "g***@b.example" in out.lower(), "gone@" in out.lower()) == (1, True, False)
    assert "1 SES suppresses it, we do not" in out
    assert "1 removed here, SES still suppresses it" in out
    code, out = drift("--clinic", clinic, "--repair")
    assert (code, listed(world.services, clinic)) == (1, [])
    assert "Would be repaired: 1 added here, 1 deleted at SES" in out

    code, out = drift("--clinic", clinic, "--repair", "--yes")

    assert (code, "Repaired: 1 added here, 1 deleted at SES, 0 put to SES, 0 left" in out) == (0, True)
    assert listed(world.services, clinic) == ["Gone@b.example"]
    assert names(ses.list_suppressed_destinations()) == ["Gone@b.example"]
    code, out = drift("--clinic", clinic, "--json")
    report = json.loads(out)
    assert (code, report["inBoth"], report["onlyAtSes"]["count"]) == (0, 1, 0)


def test_all_accounts_are_compared_one_after_the_other(world: World, drift: Any) -> None:
    code, out = drift("--all", "--json")

    accounts = {json.loads(line)["account"]: json.loads(line) for line in out.splitlines()}
    assert code in {0, 1}
    assert accounts["700000000001"]["shared"] is True
    assert accounts[CLINIC]["clinics"] == 1


def test_a_clinic_that_is_not_there_could_not_be_looked_at(drift: Any) -> None:
    assert drift("--clinic", "nobody")[0] == 3


def test_the_policy_names_the_four_actions(drift: Any) -> None:
    code, out = drift("--print-policy")
    (statement,) = json.loads(out)["Statement"]
    assert (code, len(statement["Action"]), statement["Resource"]) == (0, 4, "*")
