"""Our lists beside SES's: what differs both ways, who may see it, and what a repair does by our rules."""

from datetime import timedelta
from typing import Any

import pytest
from core_kit import PATIENT, ROOT, SES, clinic_admin, counted, event, give_ses, reasons
from suppressed_fake import ACCOUNT_OF, NOW, PLATFORM_ACCOUNT, SesLists

from config_service.clock import DAY
from config_service.errors import ForbiddenError, InvalidError
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.providers.platform_account import PlatformAccount
from config_service.providers.suppressed_destinations import SuppressedDestinations
from config_service.services.drift.comparison import Difference
from config_service.services.drift.document import drift_document
from config_service.services.drift.drift import DriftSample
from config_service.services.drift.repair import Repaired, Wish
from config_service.services.services import Services
from config_service.storage.audit import AuditFilter

CLINIC = "c1"
ADMIN = clinic_admin(CLINIC)
DO = Wish(dry_run=False)
PUT = Wish(dry_run=False, put_to_ses=True)


@pytest.fixture
def clinic(services: Services, ses_list: SesLists) -> str:
    give_ses(services, CLINIC)
    return CLINIC


@pytest.fixture
def with_platform(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the platform an account of its own."""
    account = PlatformAccount(region="us-east-1", access_key_id="AKIAPLATFORM", secret_access_key="s")
    accounts = SetupAccounts(account)
    monkeypatch.setattr(services.loop.drift.finder, "_accounts", accounts)


def difference(services: Services, actor: Any = ROOT) -> Difference:
    return services.loop.drift.report(CLINIC, actor).difference


def repaired(services: Services, wish: Wish = DO, actor: Any = ROOT) -> Repaired:
    drift = services.loop.drift
    return drift.repair(drift.report(CLINIC, actor), actor, wish)


def at_ses(found: Difference) -> list[str]:
    return sorted(each.address for each in found.only_at_ses)


def removed_by_hand(services: Services, clock: Any, address: str = PATIENT, *, consent: bool = False) -> None:
    clock.advance(1000)
    found = services.suppressions.add(CLINIC, address, ROOT)[0]
    services.suppressions.remove(CLINIC, found.id, ROOT, "They corrected it.", consent=consent)


def audited(services: Services) -> list[tuple[str, str | None, list[str]]]:
    return [(row.action, row.clinic_id, row.fields) for row in services.audit.page(AuditFilter())]


def test_what_both_suppress_is_no_drift_however_it_is_spelt(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    services.feedback.record([event("Bounce"), event("Complaint", recipient="b@patients.example")])
    ses_list.have("Jane@Patients.EXAMPLE")
    ses_list.have("b@patients.example", "COMPLAINT")

    found = difference(services)

    assert (found.at_ses, found.in_both, found.matters) == (2, 2, False)
    assert (found.only_at_ses, found.removed_here, found.only_here) == ([], [], [])


def test_what_differs_is_found_both_ways_over_all_pages(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    ses_list.page = 2
    for number in range(5):
        ses_list.have(f"Only{number}@patients.example")
    services.feedback.record([event("Bounce"), event("Complaint", recipient="b@patients.example")])

    found = difference(services)

    assert at_ses(found) == [f"Only{number}@patients.example" for number in range(5)]
    assert {(each.address, each.reason) for each in found.only_here} == {
        (PATIENT, "hard_bounce"),
        ("b@patients.example", "complaint"),
    }
    assert ses_list.calls.count("ListSuppressedDestinations") == 3


def test_what_is_ours_alone_is_no_drift(services: Services, clinic: str) -> None:
    services.suppressions.add(CLINIC, PATIENT, ROOT)
    services.feedback.record([event("Bounce", recipient="bounce+x@simulator.amazonses.com")])

    assert difference(services).only_here == []


def test_an_erased_entry_is_compared_by_its_hash_and_cannot_be_put_to_ses(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    services.feedback.record([event("Bounce"), event("Bounce", recipient="gone@patients.example")])
    for address in (PATIENT, "gone@patients.example"):
        services.erasure.erase(None, address, ROOT, "asked")
    ses_list.have(PATIENT)

    found = difference(services)

    assert found.in_both == 1
    assert [each.address for each in found.only_here] == [None]
    done = repaired(services, PUT)
    assert (done.put_to_ses, [why for _, why in done.left]) == (
        0,
        ["The address was erased, so that only its hash is known."],
    )


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    services: Services, clinic: str, ses_list: SesLists, clock: Any
) -> None:
    removed_by_hand(services, clock)
    ses_list.have(PATIENT)
    ses_list.have("b@patients.example")
    services.feedback.record([event("Bounce", recipient="ours@patients.example")])
    before, rows = ses_list.addresses(), counted(services, "audit")

    done = repaired(services, Wish(put_to_ses=True))

    assert (done.added_here, done.deleted_at_ses, done.put_to_ses, done.left) == (1, 1, 1, [])
    assert (ses_list.addresses(), counted(services, "audit")) == (before, rows)
    assert counted(services, "suppressions") == 1


def test_a_repair_adds_what_ses_has_with_its_reason_and_time_and_is_audited(
    services: Services, clinic: str, ses_list: SesLists, clock: Any
) -> None:
    ses_list.have("A@patients.example", "BOUNCE", NOW - timedelta(days=3))
    ses_list.have("b@patients.example", "COMPLAINT", NOW - timedelta(days=2))

    assert repaired(services, actor=ADMIN).added_here == 2

    assert reasons(services, CLINIC, "a@patients.example") == [("hard_bounce", "clinic")]
    assert reasons(services, CLINIC, "b@patients.example") == [("complaint", "clinic")]
    since = {entry.since for entry in services.repositories.suppressions.every(CLINIC)}
    assert since == {clock() - 3 * DAY, clock() - 2 * DAY}
    fields = ["account:111111111111:us-east-1", "source:ses_account_list", "added:2"]
    assert ("suppressions.repaired", CLINIC, fields) in audited(services)
    assert not difference(services).matters
    assert repaired(services).added_here == 0


def test_what_was_removed_here_is_deleted_at_ses_in_its_exact_spelling(
    services: Services, clinic: str, ses_list: SesLists, clock: Any
) -> None:
    removed_by_hand(services, clock)
    for spelling in ("Jane@patients.example", "jane@PATIENTS.example"):
        ses_list.have(spelling)

    assert at_ses(difference(services)) == []
    assert repaired(services).deleted_at_ses == 2

    assert ses_list.addresses() == {}
    assert counted(services, "suppressions") == 0
    rows = [row for row in audited(services) if row[0] == "ses_list.deletion"]
    assert len(rows) == 2
    assert all(PATIENT not in str(row) for row in rows)


def test_what_ses_suppressed_after_our_removal_is_added_again(
    services: Services, clinic: str, ses_list: SesLists, clock: Any
) -> None:
    removed_by_hand(services, clock)
    ses_list.have(PATIENT, at=NOW + timedelta(seconds=2))
    clock.advance(5000)

    assert repaired(services).added_here == 1
    assert reasons(services, CLINIC) == [("hard_bounce", "clinic")]


@pytest.mark.parametrize("consent", [False, True])
def test_after_a_complaint_ses_is_told_to_deliver_again_only_with_consent(
    services: Services, clinic: str, ses_list: SesLists, clock: Any, consent: bool
) -> None:
    removed_by_hand(services, clock, consent=consent)
    ses_list.have(PATIENT, "COMPLAINT")

    done = repaired(services)

    assert done.deleted_at_ses == consent
    assert ses_list.addresses() == ({} if consent else {PATIENT: "COMPLAINT"})
    assert [email for email, _ in done.left] == ([] if consent else ["j***@patients.example"])
    assert consent or "consent" in done.left[0][1]


def test_what_was_suppressed_again_since_the_report_is_not_deleted_at_ses(
    services: Services, clinic: str, ses_list: SesLists, clock: Any
) -> None:
    removed_by_hand(services, clock)
    ses_list.have(PATIENT)
    report = services.loop.drift.report(CLINIC, ROOT)
    clock.advance(1000)
    services.suppressions.add(CLINIC, PATIENT, ROOT)

    done = services.loop.drift.repair(report, ROOT, DO)

    assert (done.deleted_at_ses, len(done.left)) == (0, 1)
    assert PATIENT in ses_list.addresses()


def test_ours_are_put_to_ses_only_where_that_is_asked_for(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    services.feedback.record([event("Bounce"), event("Complaint", recipient="b@patients.example")])
    assert repaired(services).put_to_ses == 0
    assert ses_list.addresses() == {}

    assert repaired(services, PUT).put_to_ses == 2

    assert ses_list.addresses() == {PATIENT: "BOUNCE", "b@patients.example": "COMPLAINT"}
    assert sum(row[0] == "ses_list.addition" for row in audited(services)) == 2
    assert repaired(services, PUT).put_to_ses == 0


def test_what_was_taken_off_our_list_since_the_report_is_not_put_to_ses(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    services.feedback.record([event("Bounce")])
    report = services.loop.drift.report(CLINIC, ROOT)
    (entry,) = services.repositories.suppressions.every(CLINIC)
    services.suppressions.remove(CLINIC, entry.id, ROOT, "They corrected it.", consent=False)

    done = services.loop.drift.repair(report, ROOT, PUT)

    assert (done.put_to_ses, len(done.left), ses_list.addresses()) == (0, 1, {})


def test_a_complaint_that_came_to_ses_meanwhile_is_not_made_a_bounce(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    services.feedback.record([event("Bounce")])
    report = services.loop.drift.report(CLINIC, ROOT)
    ses_list.have(PATIENT, "COMPLAINT")

    assert services.loop.drift.repair(report, ROOT, PUT).put_to_ses == 0
    assert ses_list.addresses() == {PATIENT: "COMPLAINT"}


def test_a_request_makes_no_more_calls_than_fit_into_it(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    services.feedback.record([event("Bounce", recipient=f"{n}@patients.example") for n in range(4)])

    done = repaired(services, Wish(dry_run=False, put_to_ses=True, most=3))

    assert (done.put_to_ses, len(done.left), len(ses_list.addresses())) == (3, 1, 3)
    ses_list.page = 1
    with pytest.raises(InvalidError) as refused:
        services.loop.drift.report(CLINIC, ROOT, most_pages=2)
    assert refused.value.code == "drift_too_large"


def test_a_clinic_of_its_own_account_sees_its_list_and_another_ones_key_to_the_same_account_shares_it(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    ses_list.have("patient-of-somebody@patients.example")
    assert at_ses(difference(services, ADMIN)) == ["patient-of-somebody@patients.example"]
    other = {"accessKeyId": "AKIAANOTHERKEY7EXAMP", "fromEmail": "noreply@others.example"}
    assert ACCOUNT_OF[other["accessKeyId"]] == "111111111111"
    give_ses(services, "c2", **other)

    with pytest.raises(ForbiddenError) as refused:
        difference(services, ADMIN)

    assert refused.value.code == "account_shared"
    report = services.loop.drift.report(CLINIC, ROOT)
    assert (report.lists.shared, sorted(report.lists.clinic_ids)) == (True, ["c1", "c2"])


def test_in_another_region_the_same_account_has_another_list(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    other = {"accessKeyId": "AKIAANOTHERKEY7EXAMP", "fromEmail": "noreply@others.example"}
    give_ses(services, "c2", region="eu-west-1", **other)
    services.suppressions.add("c2", PATIENT, ROOT)
    ses_list.have(PATIENT)

    report = services.loop.drift.report(CLINIC, ADMIN)

    assert (report.lists.clinic_ids, at_ses(report.difference)) == (["c1"], [PATIENT])
    assert ses_list.calls.count("GetCallerIdentity") == 1  # nobody asks whose the other region's key is


@pytest.mark.usefixtures("with_platform")
def test_the_platforms_account_is_compared_with_everybodys_list_and_repaired_on_the_platforms(
    services: Services, ses_list: SesLists
) -> None:
    services.configs.save_clinic_config(clinic_id=CLINIC, actor=ROOT)
    give_ses(services, "c2", fromEmail="noreply@others.example")
    services.feedback.record([event("Bounce", source="noreply@others.example")])
    ses_list.have(
        PATIENT, account=PLATFORM_ACCOUNT
    )  # the other clinic's entry, of a time before its own account
    ses_list.have("new@patients.example", account=PLATFORM_ACCOUNT)
    with pytest.raises(ForbiddenError):
        difference(services, ADMIN)

    report = services.loop.drift.report(CLINIC, ROOT)

    assert (report.lists.account_id, report.lists.platform) == (PLATFORM_ACCOUNT, True)
    assert at_ses(report.difference) == ["new@patients.example"]
    services.loop.drift.repair(report, ROOT, DO)
    assert reasons(services, CLINIC, "new@patients.example") == [("hard_bounce", "platform")]
    assert counted(services, "suppressions") == 2


@pytest.mark.usefixtures("with_platform")
def test_every_account_is_found_once_and_a_clinic_whose_key_is_refused_keeps_the_others_from_nothing(
    services: Services, clinic: str, ses_list: SesLists
) -> None:
    give_ses(services, "c2", accessKeyId="AKIAANOTHERKEY7EXAMP", fromEmail="noreply@others.example")
    give_ses(services, "c3", accessKeyId="AKIATHEBROKENEXAMPLE", fromEmail="noreply@third.example")
    role = {**SES, "roleArn": "arn:aws:iam::333333333333:role/ses", "fromEmail": "noreply@fourth.example"}
    keyless = {name: value for name, value in role.items() if name not in {"accessKeyId", "secretAccessKey"}}
    services.configs.save_ses(clinic_id="c4", actor=ROOT, credentials=keyless)
    ses_list.broken.add("222222222222")

    lists, unknown = services.loop.drift.finder.every()

    assert {each.account_id: (each.shared, each.home, each.clinic_ids) for each in lists} == {
        PLATFORM_ACCOUNT: (True, None, ["c1", "c2", "c3", "c4"]),
        "111111111111": (True, None, ["c1", "c2"]),
        "333333333333": (False, "c4", ["c4"]),
    }
    assert unknown.keys() == {"c3"}


def test_the_doctor_gets_a_sample_for_one_call_to_ses(
    services: Services, clinic: str, ses_list: SesLists, clock: Any
) -> None:
    removed_by_hand(services, clock)
    ses_list.have(PATIENT)
    ses_list.have("new@patients.example")
    ses_list.have("old@patients.example", at=NOW - timedelta(days=31))
    destinations = SuppressedDestinations(services.loop.drift.finder.of_clinic(CLINIC).resources.account)
    ses_list.calls.clear()

    sample = services.loop.drift.sample(CLINIC, destinations)

    assert sample == DriftSample(looked_at=2, only_at_ses=1, removed_here=1)
    assert ses_list.calls == ["ListSuppressedDestinations"]
    assert services.loop.drift.sample(None, destinations) == sample


def test_a_report_shows_no_whole_address(
    services: Services, clinic: str, ses_list: SesLists, clock: Any
) -> None:
    removed_by_hand(services, clock, "removed@patients.example")
    for address in ("jane@patients.example", "removed@patients.example"):
        ses_list.have(address)
    services.feedback.record([event("Bounce", recipient="ours@patients.example")])

    document = drift_document(services.loop.drift.report(CLINIC, ROOT))

    shown = [document[kind]["addresses"][0]["email"] for kind in ("onlyAtSes", "removedHere", "onlyHere")]
    assert shown == ["j***@patients.example", "r***@patients.example", "o***@patients.example"]
    assert "jane@" not in str(document)
