"""Checks run side by side: none holds the report up, none hides the others, and each fact is asked once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import structlog
from doctor_kit import Sick, examined, sickness

from config_service.providers.aws_setup.refusals import AwsDeniedError
from config_service.providers.base import ProviderUnavailableError
from config_service.providers.dns.resolver import DnsUnavailableError
from config_service.services.doctor.checks.every import EVERY_CHECK
from config_service.services.doctor.finding import Report, Status, worst
from config_service.services.doctor.once import Once
from config_service.services.doctor.runner import side_by_side
from config_service.services.doctor.unseen import UnseenError
from config_service.services.doctor.wording import looked
from config_service.services.drift.drift import DriftSample


def test_checks_run_at_the_same_time_and_answer_in_their_order() -> None:
    together = threading.Barrier(3)

    def job(number: int) -> int:
        together.wait(timeout=10)  # breaks where they do not all run
        return number

    assert side_by_side([partial(job, number) for number in range(3)], lambda: -1) == [0, 1, 2]


def test_one_that_takes_too_long_is_late_and_the_others_are_not() -> None:
    never = threading.Event()
    jobs = [lambda: "fast", lambda: str(never.wait(20))]
    assert side_by_side(jobs, lambda: "late", limit=0.05) == ["fast", "late"]
    never.set()


def test_a_question_is_asked_once_however_many_want_the_answer() -> None:
    once, asked, together = Once(), [], threading.Barrier(4)

    def ask() -> int:
        asked.append(1)
        return 7

    def want(_: int) -> int:
        together.wait(timeout=10)
        return once.get("question", ask)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(want, range(4))) == [7] * 4
    assert len(asked) == 1


def test_a_question_that_failed_fails_for_all_and_is_not_asked_again() -> None:
    once, asked = Once(), []

    def ask() -> None:
        asked.append(1)
        raise DnsUnavailableError("away")

    for _ in range(2):
        with pytest.raises(DnsUnavailableError):
            once.get("question", ask)
    assert len(asked) == 1


def test_a_mistake_of_ours_is_logged_once_however_many_asked() -> None:
    once = Once()
    with structlog.testing.capture_logs() as logged:
        for _ in range(3):
            with pytest.raises(UnseenError, match="ZeroDivisionError"):
                once.get("question", lambda: 1 // 0)
    assert [each["log_level"] for each in logged] == ["error"]


def test_an_examination_asks_aws_for_each_fact_once() -> None:
    sick = Sick()
    facts = sick.facts()
    jobs = [partial(looked, check, facts) for check in EVERY_CHECK]
    side_by_side(jobs, lambda: None)
    once = {name for name in sick.asked if name not in {"exchangers", "spf", "mail_from_spf", "dmarc"}}
    assert once == {
        "caller", "keys", "sending", "points", "topic", "listed", "endpoints", "subscription", "queue",
    }  # fmt: skip
    assert all(sick.asked.count(name) == 1 for name in once)


def test_a_missing_permission_is_unknown_and_names_the_action() -> None:
    denied = AwsDeniedError(
        "AWS does not allow it. GetAccount: u is not authorized to perform: ses:GetAccount"
    )
    found = examined(sending=denied)
    assert {found[check].status for check in ("account.sandbox", "account.quota")} == {Status.UNKNOWN}
    assert found["account.sandbox"].code == "permission_missing"
    assert "allow ses:GetAccount" in found["account.sandbox"].remedy
    assert found["topic.exists"].status == Status.PASS


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailableError("AWS cannot be reached."),
        DnsUnavailableError("The DNS does not say."),
        ZeroDivisionError("a mistake of ours"),
    ],
)
def test_what_cannot_be_looked_at_is_unknown_and_never_a_fault(error: Exception) -> None:
    parts = ("keys", "sending", "points", "identity", "topic", "endpoints", "subscription", "queue", "drift")
    dns = ("aliases", "exchangers", "spf", "mail_from_spf", "dmarc", "notifications", "configuration_set")
    found = sickness(**dict.fromkeys(parts + dns, error))
    assert {status for status, _ in found.values()} == {"unknown"}
    assert len(found) >= 20


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], "pass"),
        (["pass", "unknown"], "unknown"),
        (["unknown", "warn", "pass"], "warn"),
        (["warn", "fail", "unknown"], "fail"),
    ],
)
def test_what_was_seen_weighs_more_than_what_was_not(statuses: list[str], expected: str) -> None:
    assert worst(map(Status, statuses)) == expected


def test_a_report_counts_its_findings() -> None:
    findings = tuple(examined(listed=False, drift=DriftSample(1, 1, 0)).values())
    report = Report("clinic-1", 0, 1, findings)
    assert report.status == "warn"
    assert (report.counts["warn"], report.counts["unknown"], report.counts["fail"]) == (1, 1, 0)
    assert sum(report.counts.values()) == len(findings)
