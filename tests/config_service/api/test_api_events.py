"""A clinic's events, and the events that wait for their clinic."""

from typing import Any

import pytest

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter
JANE = "jane@example.org"
HELD = "/api/v1/events/held"
STRANGER = "who@stranger.example"


@pytest.fixture(autouse=True)
def clinics(set_up: Any) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example")


def test_an_event_is_shown_with_all_that_ses_reported(of: Any, record: Any, event: Any, clock: Any) -> None:
    sent = event("Bounce", "Jane@Example.org", status="5.1.1", detail="550 no jane@example.org here")
    record(sent)

    page = of("c1", "GET", "events").json

    assert page == {
        "success": True,
        "events": [
            {
                "id": page["events"][0]["id"],
                "kind": "Bounce",
                "email": "Jane@Example.org",
                "at": "2026-01-01T00:00:00+00:00",
                "receivedAt": "2026-01-01T00:00:00+00:00",
                "bounceType": "Permanent",
                "subType": "General",
                "status": "5.1.1",
                "detail": "550 no jane@example.org here",
                "messageId": sent["mailMessageId"],
                "source": "noreply@clinic-domain.example",
                "rule": "source",
            }
        ],
        "nextCursor": None,
    }
    assert of("c2", "GET", "events").json["events"] == []


def test_events_are_listed_newest_first_page_by_page_and_by_kind(of: Any, record: Any, event: Any) -> None:
    times = [f"2025-12-{day:02}T00:00:00+00:00" for day in (3, 1, 2, 2, 2, 1, 3)]
    record(*(event("Delivery", at=at) for at in times), event("Send", None, at="2025-12-04T00:00:00+00:00"))
    seen: list[dict[str, Any]] = []
    cursor = ""

    while cursor is not None:
        page = of("c1", "GET", f"events?kind=Delivery&limit=2&cursor={cursor}").json
        seen, cursor = seen + page["events"], page["nextCursor"]

    assert [found["at"] for found in seen] == sorted(times, reverse=True)
    assert len({found["id"] for found in seen}) == 7
    assert [found["kind"] for found in of("c1", "GET", "events?limit=1").json["events"]] == ["Send"]
    assert of("c1", "GET", "events?kind=Complaint").json["events"] == []


@ON_SQLITE
@pytest.mark.parametrize("kind", ["", "x" * 65])
def test_a_kind_that_cannot_be_is_refused(of: Any, kind: str) -> None:
    assert of("c1", "GET", f"events?kind={kind}").status_code == 422


def test_a_kind_that_no_database_can_hold_is_no_fault_of_ours(of: Any) -> None:
    assert of("c1", "GET", "events?kind=%00").status_code in {200, 422}


def test_an_event_that_no_clinic_can_be_found_for_is_held_and_assigned(
    of: Any, call: Any, record: Any, event: Any, services: Any
) -> None:
    results = record(event("Bounce", JANE, source=STRANGER))
    (held,) = call("GET", HELD).json["events"]

    assigned = call("POST", f"{HELD}/{held['id']}/assign", {"clinicId": "c1"})

    row = services.repositories.audit.of_clinic("c1")[0]
    assert (results[0]["result"], results[0]["rule"], results[0]["clinicId"]) == (
        "held",
        "unknown_source",
        None,
    )
    assert (held["rule"], held["email"], held["source"]) == ("unknown_source", JANE, STRANGER)
    assert held["topicArn"].endswith(":healthcare-ses-events")
    assert assigned.json == {"success": True, "result": "recorded", "clinicId": "c1"}
    assert (row.actor, row.action, row.fields) == (
        "somebody",
        "held_event.assigned",
        [f"heldEvent:{held['id']}"],
    )
    assert call("GET", HELD).json == {"success": True, "events": [], "nextCursor": None}
    assert [found["rule"] for found in of("c1", "GET", "events").json["events"]] == ["assigned"]
    assert [entry["email"] for entry in of("c1", "GET", "suppressions").json["suppressions"]] == [JANE]


def test_held_events_are_listed_in_the_order_of_their_arrival_page_by_page(
    call: Any, record: Any, event: Any
) -> None:
    for number in range(5):
        record(event("Bounce", f"p{number}@example.org", source=STRANGER))
    seen: list[dict[str, Any]] = []
    cursor = ""

    while cursor is not None:
        page = call("GET", f"{HELD}?limit=2&cursor={cursor}").json
        seen, cursor = seen + page["events"], page["nextCursor"]

    assert [found["email"] for found in seen] == [f"p{number}@example.org" for number in range(5)]


def test_what_cannot_be_assigned_says_why(call: Any, record: Any, event: Any) -> None:
    record(event("Bounce", JANE, source=STRANGER), event("Unreadable", None, raw='{"eventType": "Bounce"}'))
    held = {found["kind"]: found["id"] for found in call("GET", HELD).json["events"]}

    def assign(event_id: Any, body: Any) -> tuple[int, str]:
        answer = call("POST", f"{HELD}/{event_id}/assign", body)
        return answer.status_code, answer.json["code"]

    assert assign(999_999, {"clinicId": "c1"}) == (404, "not_found")
    assert assign(held["Bounce"], {"clinicId": "nobody"}) == (404, "clinic_not_found")
    assert assign(held["Unreadable"], {"clinicId": "c1"}) == (422, "invalid_request")
    assert assign(held["Bounce"], {}) == (422, "invalid_request")
    assert assign(held["Bounce"], {"clinicId": "c1\n"}) == (422, "invalid_request")
    assert assign("x", {"clinicId": "c1"}) == (404, "not_found")
    assert len(call("GET", HELD).json["events"]) == 2
    assert assign_twice(call, held["Bounce"]) == [200, 404]


def assign_twice(call: Any, event_id: str) -> list[int]:
    return [call("POST", f"{HELD}/{event_id}/assign", {"clinicId": "c1"}).status_code for _ in range(2)]


@pytest.mark.parametrize(("role", "left"), [("super_admin", 0), ("clinic_admin", 1)])
def test_a_held_event_is_applied_once_a_super_admin_saves_its_source(
    of: Any, call: Any, people: Any, ses: Any, report: Any, role: str, left: int
) -> None:
    report("Bounce", JANE, source=STRANGER)
    who = people.super_admin if role == "super_admin" else people.clinic_admin("c3")

    of("c3", "PUT", "ses", {**ses, "fromEmail": STRANGER}, headers=who)

    assert len(call("GET", HELD).json["events"]) == left
    assert len(of("c3", "GET", "suppressions").json["suppressions"]) == 1 - left


def test_a_test_email_that_ses_accepted_proves_a_clinic_admins_source(
    of: Any, call: Any, people: Any, ses: Any, record: Any, event: Any
) -> None:
    admin = people.clinic_admin("c3")
    record(event("Bounce", JANE, source=STRANGER))
    of("c3", "PUT", "ses", {**ses, "fromEmail": STRANGER}, headers=admin)

    sent = of("c3", "POST", "test-email", {"testEmail": "me@example.org"}, headers=admin)

    assert sent.status_code == 200
    assert call("GET", HELD).json["events"] == []
    assert [entry["email"] for entry in of("c3", "GET", "suppressions").json["suppressions"]] == [JANE]
