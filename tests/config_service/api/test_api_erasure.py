"""Erasing over HTTP, and the audit trail of it and of every opened credential."""

from typing import Any

import pytest

JANE = "jane@example.org"
EVERYWHERE = "/api/v1/suppressions/erase"
BODY = {"email": JANE, "note": "Asked for by letter"}


@pytest.fixture(autouse=True)
def clinics(set_up: Any) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example")


def test_a_clinics_administrator_erases_in_what_is_the_clinics(
    of: Any, call: Any, people: Any, record: Any, event: Any
) -> None:
    record(event("Bounce"), event("Bounce", source="a@two.example"))
    answer = of("c1", "POST", "suppressions/erase", BODY, headers=people.clinic_admin("c1"))
    assert (answer.status_code, answer.json["erased"]) == (
        200,
        {"suppressions": 1, "events": 1, "heldEvents": 0, "testEmails": 0, "notes": 0},
    )
    (own,) = of("c1", "GET", "suppressions").json["suppressions"]
    (others,) = of("c2", "GET", "suppressions").json["suppressions"]
    assert (own["email"], own["erased"]) == (None, True)
    assert (others["email"], others["erased"]) == (JANE, False)
    assert of("c1", "POST", "suppressions/check", {"email": JANE}).json["suppressed"] is True
    (shown,) = of("c1", "GET", "events").json["events"]
    assert shown["email"] is None
    assert JANE not in of("c1", "GET", "suppressions/export").text
    assert call("POST", EVERYWHERE, BODY).json["erased"]["suppressions"] == 1
    assert of("c2", "GET", "suppressions").json["suppressions"][0]["erased"] is True
    assert sum(call("POST", EVERYWHERE, BODY).json["erased"].values()) == 0


def test_adding_an_erased_address_by_hand_shows_no_address(of: Any, record: Any, event: Any) -> None:
    record(event("Delivery"))
    assert of("c1", "POST", "suppressions/erase", BODY).status_code == 200
    answer = of("c1", "POST", "suppressions", {"email": JANE})
    assert (answer.status_code, answer.json["suppression"]["email"]) == (201, None)
    removed = of("c1", "DELETE", f"suppressions/{answer.json['suppression']['id']}", {"note": "a note"})
    assert removed.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (BODY, 404, "address_unknown"),
        ({"email": JANE}, 422, None),
        ({"email": JANE, "note": ""}, 422, None),
        ({"email": "jane", "note": "x"}, 422, None),
        ({"note": "x"}, 422, None),
    ],
)
def test_what_cannot_be_erased_is_refused_and_leaves_no_row(
    of: Any, call: Any, body: Any, status: int, code: str | None
) -> None:
    for answer in (of("c1", "POST", "suppressions/erase", body), call("POST", EVERYWHERE, body)):
        assert answer.status_code == status
        assert code is None or answer.json["code"] == code
        assert JANE not in answer.text
    actions = {row["action"] for row in call("GET", "/api/v1/audit").json["audit"]}
    assert "address.erased" not in actions


def test_every_opening_of_credentials_stands_in_the_trail_of_its_clinic(
    of: Any, call: Any, people: Any
) -> None:
    opened = call("GET", "/internal/v1/clinics/c1/effective-config", headers=people.sender)
    assert opened.status_code == 200
    own = of("c1", "GET", "audit", headers=people.location_head("c1")).json["audit"]
    row = own[0]
    assert (row["actor"], row["role"], row["action"]) == ("service:sender", "SERVICE", "credentials.opened")
    assert row["clinicId"] == "c1"
    assert "email.aws_ses" in row["fields"]
    assert row["requestId"] == opened.headers["X-Request-Id"]
    assert {each["clinicId"] for each in own} == {"c1"}
    assert "credentials.opened" not in of("c2", "GET", "audit").text
    assert call("GET", "/api/v1/audit").json["audit"][0] == row


def test_the_trail_comes_in_pages_and_by_time(call: Any, of: Any, clock: Any) -> None:
    for number in range(4):
        clock.advance(1000)
        of("c1", "POST", "suppressions", {"email": f"p{number}@example.org"})
    query = "since=2026-01-01T00:00:01%2B00:00&until=2026-01-01T00:00:04%2B00:00&limit=2"
    first = call("GET", f"/api/v1/audit?{query}").json
    second = call("GET", f"/api/v1/audit?{query}&cursor={first['nextCursor']}").json
    times = [row["at"] for row in first["audit"] + second["audit"]]
    assert times == [f"2026-01-01T00:00:0{second}+00:00" for second in (3, 2, 1)]
    assert second["nextCursor"] is None
    assert call("GET", "/api/v1/audit?cursor=nonsense").status_code == 422
    assert call("GET", "/api/v1/audit?since=yesterday").status_code == 422
