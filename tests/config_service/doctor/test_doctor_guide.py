"""The guide, the catalogue and the checks say the same, and each trouble that people know is found."""

import re
from dataclasses import replace
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from doctor_kit import IDENTITY, TARGET, TEST_EMAIL, WEBHOOK, WELL, examined, points
from msgspec import structs

from config_service.__main__ import COMMANDS
from config_service.providers.aws_setup.refusals import AwsDeniedError, no_credentials
from config_service.services.doctor.finding import Status
from config_service.services.doctor.guide import guide
from config_service.services.doctor.remedies.catalogue import BY_CODE, REMEDIES
from config_service.services.doctor.remedies.remedy import Trouble
from config_service.services.doctor.setup_commands import ANY_ENDPOINT
from config_service.services.drift.drift import DriftSample

ROOT = Path(__file__).resolve().parents[3]
DOCTOR = ROOT / "config_service" / "services" / "doctor"
DENIED = AwsDeniedError("AWS does not allow it. ListTopics: not authorized to perform: sns:ListTopics")

# What is sick, and the check and remedy that name it: each entry of the integration guide's troubleshooting.
KNOWN = [
    (Trouble.WEBHOOK, {"endpoints": (), "subscription": None}, "subscription.exists", "subscription_missing"),
    (Trouble.WEBHOOK, {"subscription": replace(WELL["subscription"], confirmed=False)}, "subscription.confirmed", "subscription_pending"),
    (Trouble.WEBHOOK, {"configuration_set": None, "target": replace(TARGET, configuration_set=None)}, "notifications.topics", "events_not_published"),
    (Trouble.CLINIC, {"local": replace(WELL["local"], held=1)}, "activity.held", "events_held"),
    (Trouble.CLINIC, {"local": replace(WELL["local"], sender_is_others=True)}, "mapping.sender", "sender_shared"),
    (Trouble.SUPPRESSION, {"drift": DriftSample(9, 2, 0)}, "suppression.drift", "drift"),
    (Trouble.SUPPRESSION, {"points": points(5, minutes_ago=120)}, "activity.silence", "silence"),
    (Trouble.CREDENTIALS, {"caller": no_credentials()}, "credentials.valid", "credentials_missing"),
    (Trouble.UNVERIFIED, {"identity": replace(IDENTITY, verified=False)}, "identity.verified", "identity_not_verified"),
    (Trouble.SANDBOX, {"sending": replace(WELL["sending"], production=False)}, "account.sandbox", "sandbox"),
    (Trouble.RECIPIENT, {"sending": replace(WELL["sending"], production=False)}, "account.sandbox", "sandbox"),
    (Trouble.QUOTA, {"sending": replace(WELL["sending"], sent_last_day=50_000.0)}, "account.quota", "quota_used_up"),
    (Trouble.BOUNCES, {"points": points(1000, bounces=60)}, "reputation.bounces", "bounce_rate_high"),
    (Trouble.COMPLAINTS, {"points": points(1000, complaints=6)}, "reputation.complaints", "complaint_rate_high"),
    (Trouble.UPDATE, {"target": replace(TARGET, faults={"fromEmail": ["Missing."]})}, "settings.complete", "settings_invalid"),
    (Trouble.TEST, {"local": replace(WELL["local"], last_test=structs.replace(TEST_EMAIL, state="refused"))}, "activity.test_email", "test_email_refused"),
    (Trouble.NO_TOPIC, {"target": replace(TARGET, region="us-west-2")}, "topic.region", "topic_in_other_region"),
    (Trouble.NO_TOPIC, {"listed": DENIED}, "topic.offered", "topic_not_listed"),
]  # fmt: skip


@pytest.mark.parametrize(("trouble", "sick", "check", "code"), KNOWN)
def test_every_trouble_that_people_know_is_found_and_answered(
    trouble: Trouble, sick: dict[str, Any], check: str, code: str
) -> None:
    finding = examined(**sick)[check]
    assert finding.code == code
    assert finding.status != Status.PASS
    assert finding.remedy
    assert trouble in BY_CODE[code].troubles


def test_no_trouble_of_the_integration_guide_is_left_out() -> None:
    known = list(Trouble)[: list(Trouble).index(Trouble.NO_TOPIC) + 1]
    assert len(known) == 13
    assert {trouble for trouble, *_ in KNOWN} == set(known)


def test_the_guide_is_written_from_the_catalogue() -> None:
    written = (ROOT / "docs" / "troubleshooting.md").read_text()
    assert written == guide(), "run python -m config_service doctor --guide > docs/troubleshooting.md"


def test_the_guide_has_each_remedy_once_and_each_trouble_as_a_chapter() -> None:
    text = guide()
    assert re.findall(r"^### `(\w+)`$", text, re.MULTILINE).count("sandbox") == 1
    assert sorted(re.findall(r"^### `(\w+)`$", text, re.MULTILINE)) == sorted(BY_CODE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [str(each) for each in Trouble]
    assert "{" not in re.sub(r"\{(clinicId|testId)\}|'\{\}'", "", text)


def test_a_remedy_is_given_by_some_check_and_a_check_gives_none_that_is_not_there() -> None:
    sources = "\n".join(path.read_text() for path in DOCTOR.rglob("*.py") if "remedies" not in path.parts)
    given = set(re.findall(r'"([a-z0-9_]+)"', sources))
    assert len(REMEDIES) == len(BY_CODE)
    assert not BY_CODE.keys() - given
    calls = set(re.findall(r'(?:warned|failed|unknown)\)?\(\s*"([a-z0-9_]+)"', sources))
    assert calls <= BY_CODE.keys()


def test_a_remedy_names_commands_that_exist() -> None:
    named = {
        command
        for remedy in REMEDIES
        for command in re.findall(r"python -m config_service (\w+)", f"{remedy.remedy} {remedy.command}")
    }
    assert named >= {"identity", "reseal", "replay"}
    assert named <= COMMANDS.keys()


def test_a_finding_is_filled_with_what_is_known() -> None:
    for finding in (examined(**sick)[check] for _, sick, check, _ in KNOWN):
        braces = [name for _, name, *_ in Formatter().parse(finding.remedy + finding.command) if name]
        assert not braces
        assert not re.search(r"\b(CLINIC|REGION|DOMAIN|TOPIC|SET|ADVICE)\b", finding.remedy + finding.command)


SETUP = "python -m config_service setup"
OWN = replace(TARGET, topic_arn="arn:aws:sns:us-east-1:123456789012:own")
COMMANDS_OF = [
    ({}, "subscription.raw", f"{SETUP} --region us-east-1 --endpoint {WEBHOOK}"),
    (
        {"target": OWN},
        "subscription.raw",
        f"{SETUP} --clinic clinic-1 --endpoint {WEBHOOK}",
    ),
    (
        {"configuration_set": None},
        "configuration_set.exists",
        f"{SETUP} --clinic clinic-1 --shared-topic --configuration-set transactional --no-identities",
    ),
    (
        {"target": replace(OWN, configuration_set="transactional-clinic-1"), "configuration_set": None},
        "configuration_set.exists",
        f"{SETUP} --clinic clinic-1 --endpoint {ANY_ENDPOINT} --configuration-set transactional --no-identities",
    ),
    (
        {"target": replace(TARGET, configuration_set=None)},
        "notifications.topics",
        f"{SETUP} --clinic clinic-1 --shared-topic --no-configuration-sets",
    ),
    ({"endpoints": ()}, "subscription.exists", f"{SETUP} --region us-east-1 --endpoint {ANY_ENDPOINT}"),
]


@pytest.mark.parametrize(("sick", "check", "command"), COMMANDS_OF)
def test_the_command_of_a_remedy_is_meant_for_this_clinic(
    sick: dict[str, Any], check: str, command: str
) -> None:
    raw = {"subscription": replace(WELL["subscription"], raw=True)}
    assert examined(**raw, **sick)[check].command == command
