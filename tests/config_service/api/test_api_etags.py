"""Two administrators cannot overwrite each other unseen, and every change has a name on it."""

import threading
from typing import Any

import pytest


def test_an_update_carries_the_etag_that_get_shows(of: Any, ses: Any) -> None:
    saved = of("c1", "PUT", "ses", ses)
    shown = of("c1", "GET", "config")

    assert saved.headers["ETag"] == shown.headers["ETag"]
    assert shown.headers["ETag"].startswith('"')


def test_get_answers_304_to_who_has_it(of: Any, people: Any, set_up: Any) -> None:
    set_up("c1")
    etag = of("c1", "GET", "config").headers["ETag"]

    again = of("c1", "GET", "config", headers={**people.super_admin, "If-None-Match": etag})
    set_up("c1", fromName="New")
    changed = of("c1", "GET", "config", headers={**people.super_admin, "If-None-Match": etag})

    assert (again.status_code, again.data) == (304, b"")
    assert changed.status_code == 200


@pytest.mark.parametrize("path", ["ses", "config"])
def test_a_stale_etag_is_refused_and_nothing_is_written(
    of: Any, people: Any, ses: Any, set_up: Any, path: str
) -> None:
    set_up("c1")
    stale = of("c1", "GET", "config").headers["ETag"]
    set_up("c1", fromName="Somebody else's")
    body = {"ses": {**ses, "fromName": "Mine"}, "config": {"email": None}}[path]

    refused = of("c1", "PUT", path, body, headers={**people.super_admin, "If-Match": stale})

    config = of("c1", "GET", "config").json["config"]
    assert (refused.status_code, refused.json["code"]) == (412, "changed_meanwhile")
    assert "Read the configuration again" in refused.json["hint"]
    assert config["email"]["primary"]["credentials"]["fromName"] == "Somebody else's"


def if_match_cases(etag: str) -> dict[str, tuple[str, int]]:
    return {
        "the current one": (etag, 200),
        "one of several": (f'"other", {etag}', 200),
        "a star": ("*", 200),
        "another": ('"other"', 412),
        "a weak one": (f"W/{etag}", 412),
        "an empty one": ("", 412),
    }


@pytest.mark.parametrize("case", if_match_cases(""))
def test_if_match_is_read_as_http_says(of: Any, people: Any, ses: Any, set_up: Any, case: str) -> None:
    set_up("c1")
    given, expected = if_match_cases(of("c1", "GET", "config").headers["ETag"])[case]

    answer = of(
        "c1", "PUT", "ses", {**ses, "fromName": "New"}, headers={**people.super_admin, "If-Match": given}
    )

    assert answer.status_code == expected


@pytest.mark.parametrize("given", ["*", '"any"'])
def test_no_etag_matches_a_clinic_that_does_not_exist(of: Any, people: Any, ses: Any, given: str) -> None:
    refused = of("new", "PUT", "ses", ses, headers={**people.super_admin, "If-Match": given})

    assert refused.status_code == 412
    assert of("new", "GET", "config").status_code == 404


def test_an_update_past_the_service_changes_the_etag(of: Any, set_up: Any, raw_database: Any) -> None:
    set_up("c1")
    before = of("c1", "GET", "config").headers["ETag"]

    raw_database.set_at("c1", "email,defaultFromName", '"Front desk"')

    assert of("c1", "GET", "config").headers["ETag"] != before


def at_once(app: Any, requests: list[Any]) -> list[int]:
    """Send `requests` from a thread each, all at once, and return the statuses."""
    barrier = threading.Barrier(len(requests))
    statuses: list[int] = []
    database = app.extensions["config_service"].repositories.database

    def send(path: str, body: Any, headers: Any) -> None:
        barrier.wait()
        try:
            statuses.append(app.test_client().put(path, json=body, headers=headers).status_code)
        finally:
            database.close()

    threads = [threading.Thread(target=send, args=request) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def test_of_two_administrators_at_once_exactly_one_wins(
    app: Any, of: Any, people: Any, ses: Any, set_up: Any
) -> None:
    set_up("c1")
    etag = of("c1", "GET", "config").headers["ETag"]
    path = "/api/v1/clinics/c1/communication/ses"
    headers = {**people.super_admin, "If-Match": etag}

    statuses = at_once(app, [(path, {**ses, "fromName": name}, headers) for name in ("One", "Two", "Three")])

    assert statuses == [200, 412, 412]


def test_of_two_clinics_that_claim_one_address_at_once_exactly_one_gets_it(
    app: Any, people: Any, ses: Any
) -> None:
    requests = [
        (f"/api/v1/clinics/{clinic}/communication/ses", ses, people.clinic_admin(clinic))
        for clinic in ("c1", "c2", "c3")
    ]

    assert at_once(app, requests) == [200, 409, 409]


def test_every_change_is_audited_by_name_field_and_request_and_without_values(
    client: Any, services: Any, ses: Any, people: Any, set_up: Any, clock: Any
) -> None:
    set_up("c1")
    clock.advance(5)
    path = "/api/v1/clinics/c1/communication/ses"

    client.put(
        path,
        json={
            "region": "eu-west-1",
            "secretAccessKey": "another-secret",
            "fromEmail": ses["fromEmail"],
            "fromName": ses["fromName"],
        },
        headers={**people.clinic_admin("c1"), "X-Request-Id": "request-of-the-test"},
    )

    row = services.repositories.audit.of_clinic("c1")[0]
    assert (row.actor, row.role, row.action) == ("somebody", "CLINIC_ADMIN", "communication_config.saved")
    assert (row.request_id, row.at) == ("request-of-the-test", clock.now)
    assert row.fields == ["email.primary.credentials.region", "email.primary.credentials.secretAccessKey"]
    assert "another-secret" not in str(services.repositories.audit.of_clinic("c1"))


def test_a_refused_change_leaves_no_audit_row(of: Any, services: Any, ses: Any) -> None:
    of("c1", "PUT", "ses", {**ses, "region": "nowhere"})

    assert services.repositories.audit.of_clinic("c1") == []
