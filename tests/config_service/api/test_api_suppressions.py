"""The suppression list over HTTP: seen, added to, asked, and taken from by the rules."""

from dataclasses import replace
from typing import Any

import pytest

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter
JANE = "jane@example.org"
PLATFORM_LIST = "/api/v1/suppressions"
DAY = 24 * 60 * 60 * 1000


@pytest.fixture(autouse=True)
def clinics(set_up: Any) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example")


@pytest.fixture
def add(of: Any) -> Any:
    def post(email: str, clinic_id: str = "c1", **more: Any) -> dict[str, Any]:
        answer = of(clinic_id, "POST", "suppressions", {"email": email, **more})
        assert answer.status_code in {200, 201}, answer.json
        entry: dict[str, Any] = answer.json["suppression"]
        return entry

    return post


@pytest.fixture
def listed(of: Any) -> Any:
    def get(query: str = "", clinic_id: str = "c1") -> list[tuple[str, str]]:
        answer = of(clinic_id, "GET", f"suppressions?{query}")
        return [(entry["email"], entry["reason"]) for entry in answer.json["suppressions"]]

    return get


@pytest.fixture
def check(of: Any) -> Any:
    def post(email: str = JANE, clinic_id: str = "c1") -> dict[str, Any]:
        answer: dict[str, Any] = of(clinic_id, "POST", "suppressions/check", {"email": email}).json
        return answer

    return post


def test_an_address_is_added_once_and_shown_as_it_was_spelt(of: Any) -> None:
    first = of("c1", "POST", "suppressions", {"email": "Jane M. <Jane@Example.ORG>", "note": "By telephone"})
    again = of("c1", "POST", "suppressions", {"email": JANE})

    entry = first.json["suppression"]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["success"] is True
    assert entry == {
        "id": entry["id"],
        "email": "Jane@Example.ORG",
        "reason": "manual",
        "since": "2026-01-01T00:00:00+00:00",
        "until": None,
        "erased": False,
    }
    assert again.json["suppression"] == entry
    assert of("c1", "GET", "suppressions").json == {
        "success": True,
        "suppressions": [entry],
        "nextCursor": None,
    }
    assert of("c2", "GET", "suppressions").json["suppressions"] == []


@ON_SQLITE
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": None},
        {"email": "jane"},
        {"email": JANE, "note": "x" * 1001},
        {"email": JANE, "reason": "complaint"},
    ],
)
def test_what_cannot_be_added_is_refused_by_field(of: Any, listed: Any, body: Any) -> None:
    refused = of("c1", "POST", "suppressions", body)

    assert refused.status_code == 422
    assert refused.json["errors"]
    assert listed() == []


def test_the_list_is_filtered_by_reason(record: Any, event: Any, add: Any, listed: Any, clock: Any) -> None:
    record(event("Bounce", "hard@example.org"), event("Complaint", "angry@example.org"))
    clock.advance(1000)
    add("manual@example.org")

    assert listed("reason=hard_bounce") == [("hard@example.org", "hard_bounce")]
    assert listed("reason=complaint") == [("angry@example.org", "complaint")]
    assert listed("reason=manual") == [("manual@example.org", "manual")]
    assert listed("reason=soft_bounce") == []
    assert listed()[0] == ("manual@example.org", "manual")
    assert len(listed()) == 3


@pytest.mark.parametrize("limit", [40, 7])
def test_paging_through_120_entries_loses_none_and_repeats_none(
    of: Any, client: Any, people: Any, limit: int
) -> None:
    rows = "\n".join(
        f"p{number}@example.org,manual,2025-12-{1 + number % 3:02}T00:00:00+00:00" for number in range(120)
    )
    client.post(
        "/api/v1/clinics/c1/communication/suppressions/import",
        data=f"email,reason,since\n{rows}",
        content_type="text/csv",
        headers=people.super_admin,
    )
    seen: list[dict[str, Any]] = []
    cursor = ""

    while cursor is not None:
        page = of("c1", "GET", f"suppressions?limit={limit}&cursor={cursor}").json
        assert len(page["suppressions"]) <= limit
        seen += page["suppressions"]
        cursor = page["nextCursor"]

    assert {entry["email"] for entry in seen} == {f"p{number}@example.org" for number in range(120)}
    assert len(seen) == 120
    assert [entry["since"] for entry in seen] == sorted((entry["since"] for entry in seen), reverse=True)


def test_a_check_says_that_all_is_well(check: Any) -> None:
    assert check() == {"success": True, "suppressed": False, "reachable": True, "reasons": []}


def test_a_check_names_each_reason_with_its_list_and_a_hint(
    check: Any, record: Any, event: Any, call: Any, clock: Any
) -> None:
    record(event("Bounce", JANE, at="2025-12-24T12:00:00+00:00"))
    call("POST", PLATFORM_LIST, {"email": JANE})

    found = check()

    reasons = {reason["scope"]: reason for reason in found["reasons"]}
    assert (found["suppressed"], found["reachable"], len(found["reasons"])) == (True, False, 2)
    assert (reasons["clinic"]["code"], reasons["clinic"]["since"]) == (
        "hard_bounce",
        "2025-12-24T12:00:00+00:00",
    )
    assert (reasons["platform"]["code"], reasons["platform"]["since"]) == (
        "manual",
        "2026-01-01T00:00:00+00:00",
    )
    assert all(reason["hint"] for reason in found["reasons"])
    assert check(clinic_id="c2")["reasons"] == [reasons["platform"]]


@ON_SQLITE
@pytest.mark.parametrize(
    "spelling",
    [JANE, "JANE@EXAMPLE.ORG", "Jane M. <jane@Example.org>", "=?utf-8?q?J=C3=A4ne?= <jane@example.org>"],
)
def test_a_look_up_matches_whatever_the_case_or_the_name_beside_it(
    check: Any, record: Any, event: Any, spelling: str
) -> None:
    record(event("Bounce", "Jane@EXAMPLE.org"))

    assert check(spelling)["suppressed"] is True


@ON_SQLITE
def test_a_check_of_what_is_no_address_is_refused(of: Any) -> None:
    refused = of("c1", "POST", "suppressions/check", {"email": "jane"})

    assert (refused.status_code, list(refused.json["errors"])) == (422, ["email"])


@ON_SQLITE
def test_a_clinic_whose_providers_are_off_is_served_by_the_platform(set_up: Any, check: Any) -> None:
    set_up("c1", enabled=False)

    assert check()["reachable"] is True


class TestWithoutAPlatformAccount:
    @pytest.fixture
    def settings(self, settings: Any) -> Any:
        return replace(settings, platform=replace(settings.platform, from_email=None))

    @ON_SQLITE
    def test_a_check_says_that_the_clinic_cannot_send_at_all(self, of: Any, set_up: Any, check: Any) -> None:
        reachable = check()
        set_up("c1", enabled=False)
        switched_off = check()
        of("c1", "PUT", "config", {"email": None})
        none_left = check()

        assert reachable["reachable"] is True
        assert [(found["suppressed"], found["reachable"]) for found in (switched_off, none_left)] == [
            (False, False)
        ] * 2
        assert [found["reasons"][0]["code"] for found in (switched_off, none_left)] == [
            "provider_disabled",
            "no_provider_configured",
        ]


def remove(of: Any, entry: dict[str, Any], clinic_id: str = "c1", **body: Any) -> Any:
    return of(clinic_id, "DELETE", f"suppressions/{entry['id']}", body)


def test_an_entry_is_removed_with_a_note(
    of: Any, add: Any, listed: Any, check: Any, services: Any, raw_database: Any
) -> None:
    entry = add(JANE)

    removed = remove(of, entry, note="She wrote to jane@example.org herself")

    row = services.repositories.audit.of_clinic("c1")[0]
    assert (removed.status_code, removed.json) == (200, {"success": True, "message": "Suppression removed"})
    assert listed() == []
    assert check()["reachable"] is True
    assert (row.actor, row.action, row.fields) == (
        "somebody",
        "suppression.removed",
        [f"suppression:{entry['id']}"],
    )
    assert "jane@example.org" not in raw_database.dump().lower()


@ON_SQLITE
@pytest.mark.parametrize("body", [{}, {"note": ""}, {"note": None}, {"note": "x" * 1001}, {"consent": True}])
def test_an_entry_is_not_removed_without_a_note(of: Any, add: Any, listed: Any, body: Any) -> None:
    refused = remove(of, add(JANE), **body)

    assert (refused.status_code, list(refused.json["errors"])) == (422, ["note"])
    assert len(listed()) == 1


def test_after_a_complaint_the_patients_consent_is_needed(
    of: Any, record: Any, event: Any, listed: Any
) -> None:
    record(event("Complaint", JANE))
    entry = of("c1", "GET", "suppressions").json["suppressions"][0]

    refused = remove(of, entry, note="They asked")
    refused_again = remove(of, entry, note="They asked", consent=False)
    still = listed()
    removed = remove(of, entry, note="They signed on paper", consent=True)

    assert (refused.status_code, refused.json["code"]) == (422, "consent_needed")
    assert list(refused.json["errors"]) == ["consent"]
    assert refused_again.status_code == 422
    assert still == [(JANE, "complaint")]
    assert (removed.status_code, listed()) == (200, [])


def test_what_happened_before_a_removal_does_not_suppress_again_and_what_happens_after_it_does(
    of: Any, record: Any, event: Any, add: Any, listed: Any, clock: Any
) -> None:
    entry = add(JANE)
    clock.advance(DAY)
    remove(of, entry, note="Corrected")

    record(event("Bounce", JANE, at="2026-01-01T12:00:00+00:00"))
    late = listed()
    record(event("Bounce", JANE, at="2026-01-02T12:00:00+00:00"))

    assert late == []
    assert listed() == [(JANE, "hard_bounce")]


def test_an_entry_that_is_not_there_is_not_found(of: Any, call: Any, add: Any, listed: Any) -> None:
    entry = add(JANE)

    missed = [
        remove(of, {"id": "0" * 32}, note="x"),
        remove(of, entry, clinic_id="c2", note="x"),
        call("DELETE", f"{PLATFORM_LIST}/{entry['id']}", {"note": "x"}),
    ]
    remove(of, entry, note="x")
    twice = remove(of, entry, note="x")

    assert {answer.status_code for answer in (*missed, twice)} == {404}
    assert {answer.json["code"] for answer in missed} == {"not_found"}


def test_a_patient_is_named_by_no_url_and_no_header(of: Any, add: Any) -> None:
    entry = add(JANE)

    answer = of("c1", "GET", "suppressions")

    assert "jane" not in entry["id"]
    assert "jane" not in str(answer.headers).lower()
    assert answer.headers["Cache-Control"] == "no-store, private"


class TestThePlatformsList:
    def test_it_blocks_every_clinic_and_is_listed_apart(self, call: Any, check: Any, listed: Any) -> None:
        added = call("POST", PLATFORM_LIST, {"email": JANE})
        again = call("POST", PLATFORM_LIST, {"email": "JANE@example.org"})

        page = call("GET", PLATFORM_LIST).json
        assert (added.status_code, again.status_code) == (201, 200)
        assert [entry["email"] for entry in page["suppressions"]] == [JANE]
        assert listed() == listed(clinic_id="c2") == []
        assert {check(clinic_id=clinic)["reachable"] for clinic in ("c1", "c2")} == {False}

    @ON_SQLITE
    def test_a_clinic_cannot_remove_from_it(self, of: Any, call: Any, check: Any) -> None:
        entry = call("POST", PLATFORM_LIST, {"email": JANE}).json["suppression"]

        refused = remove(of, entry, note="x")
        removed = call("DELETE", f"{PLATFORM_LIST}/{entry['id']}", {"note": "x"})

        assert (refused.status_code, removed.status_code) == (404, 200)
        assert check()["reachable"] is True

    @ON_SQLITE
    def test_a_check_asks_it_alone(self, call: Any, add: Any) -> None:
        add("one@example.org")
        call("POST", PLATFORM_LIST, {"email": JANE})

        answers = [
            call("POST", f"{PLATFORM_LIST}/check", {"email": to}).json for to in ("one@example.org", JANE)
        ]

        assert [answer["suppressed"] for answer in answers] == [False, True]

    @ON_SQLITE
    def test_a_bounce_of_the_platforms_own_mail_goes_there(
        self, call: Any, record: Any, event: Any, check: Any
    ) -> None:
        (result,) = record(event("Bounce", JANE, source="noreply@healthcare.example"))

        page = call("GET", PLATFORM_LIST).json["suppressions"]
        assert (result["clinicId"], result["rule"]) == (None, "platform")
        assert [(entry["email"], entry["reason"]) for entry in page] == [(JANE, "hard_bounce")]
        assert check(clinic_id="c2")["reasons"][0]["scope"] == "platform"


def test_an_entry_for_soft_bounces_is_listed_until_it_runs_out(
    record: Any, event: Any, listed: Any, check: Any, clock: Any
) -> None:
    record(event("Delivery", "other@example.org", at="2025-12-31T00:00:00+00:00"))
    for hour in range(5):
        record(
            event(
                "Bounce",
                JANE,
                bounceType="Transient",
                subType="MailboxFull",
                at=f"2026-01-01T0{hour}:00:00+00:00",
            )
        )

    now = (listed(), check()["suppressed"])
    clock.advance(29 * DAY)
    almost = (listed(), check()["suppressed"])
    clock.advance(2 * DAY)
    after = (listed(), listed("reason=soft_bounce"), check()["suppressed"])

    assert now == almost == ([(JANE, "soft_bounce")], True)
    assert after == ([], [], False)
