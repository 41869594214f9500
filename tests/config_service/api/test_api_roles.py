"""Who may call what, for every endpoint that the application has: the table is made from its own routes."""

from typing import Any

import pytest

from shared.internal_api import EVENTS

MAKING = {("PUT", "config"), ("PUT", "ses")}
LOOKING_POSTS = {("POST", "suppressions/check")}
WITHOUT_TOKEN = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/docs/start.js",
    "/docs/assets/<path:name>",
}
PREFIX = "/api/v1/clinics/<clinic_id>/communication/"
OF_THE_PLATFORM = ("/api/v1/suppressions", "/api/v1/audit", "/api/v1/events/held")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def routes(app: Any, start: str) -> list[tuple[str, str]]:
    """Return (method, template) of each route that begins so."""
    found = [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        if rule.rule.startswith(start)
    ]
    assert found
    return found


def of_clinic(app: Any, clinic_id: str) -> list[tuple[str, str, str]]:
    """Return (method, rest of the template, path) of each endpoint of a clinic."""
    return [
        (method, rule.removeprefix(PREFIX), filled(rule, clinic_id))
        for method, rule in routes(app, "/api/v1/clinics/")
    ]


def filled(rule: str, clinic_id: str = "c1") -> str:
    """Return a path for a template."""
    path = rule.replace("<clinic_id>", clinic_id)
    for part in ("<test_id>", "<suppression_id>"):
        path = path.replace(part, "0" * 32)
    return path if "<" not in path else path.partition("<")[0] + "1" + path.rpartition(">")[2]


def test_every_route_is_of_a_kind_that_these_tests_know(app: Any) -> None:
    others = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith((PREFIX, *OF_THE_PLATFORM, "/internal/v1/"))
    }

    assert others == WITHOUT_TOKEN
    assert len(of_clinic(app, "c1")) == 20


def test_nobody_calls_anything_without_a_token(app: Any, client: Any) -> None:
    asked = [*routes(app, "/api/"), *routes(app, "/internal/")]

    answers = {
        (method, rule): client.open(
            filled(rule), method=method, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"}
        ).status_code
        for number, (method, rule) in enumerate(asked)  # from one address, it would be a limit that answers
    }

    assert set(answers.values()) == {401}, answers


def test_a_clinic_that_is_not_theirs_is_forbidden_whether_or_not_it_exists(
    app: Any, client: Any, people: Any, set_up: Any
) -> None:
    set_up("c1")

    for who in (people.clinic_admin("c2"), people.location_head("c2"), people.clinic_admin()):
        known = {
            path: client.open(path, method=method, headers=who) for method, _, path in of_clinic(app, "c1")
        }
        unknown = {
            path: client.open(path, method=method, headers=who) for method, _, path in of_clinic(app, "cX")
        }
        assert {answer.status_code for answer in (*known.values(), *unknown.values())} == {403}
        assert {a.json["message"] for a in known.values()} == {a.json["message"] for a in unknown.values()}


def test_a_location_head_may_look_but_not_change(app: Any, client: Any, people: Any, set_up: Any) -> None:
    set_up("c1")

    allowed = {
        (method, rest)
        for method, rest, path in of_clinic(app, "c1")
        if client.open(path, method=method, headers=people.location_head("c1")).status_code != 403
    }

    assert allowed == {
        ("GET", "config"),
        ("GET", "test-email/<test_id>"),
        ("GET", "probe/<probe_id>"),
        ("GET", "suppressions"),
        ("GET", "suppressions/export"),
        ("GET", "suppressions/drift"),
        ("GET", "events"),
        ("GET", "audit"),
        ("GET", "health"),
        *LOOKING_POSTS,
    }


@pytest.mark.parametrize("role", ["super_admin", "clinic_admin"])
def test_an_admin_may_do_everything_with_a_clinic_that_is_theirs(
    app: Any, client: Any, people: Any, set_up: Any, role: str
) -> None:
    set_up("c1")
    who = people.super_admin if role == "super_admin" else people.clinic_admin("other", "c1")

    statuses = {
        (method, rest): client.open(path, method=method, headers=who).status_code
        for method, rest, path in of_clinic(app, "c1")
    }

    assert not {401, 403} & set(statuses.values()), statuses


@pytest.mark.parametrize("role", ["super_admin", "clinic_admin"])
def test_an_unknown_clinic_is_not_found_except_where_it_is_made(
    app: Any, client: Any, people: Any, role: str
) -> None:
    who = people.super_admin if role == "super_admin" else people.clinic_admin("c1")

    codes = {
        (method, rest): client.open(path, method=method, headers=who).json["code"]
        for method, rest, path in of_clinic(app, "c1")
    }

    assert {place for place, code in codes.items() if code != "clinic_not_found"} == MAKING


@pytest.mark.parametrize("clinic_id", ["a%20b", "a.b", "cl%C3%ADnica", "a%0A", "x" * 257, "%00", "a:b"])
def test_a_bad_clinic_id_is_refused_on_every_endpoint(
    app: Any, client: Any, people: Any, clinic_id: str
) -> None:
    answers = [
        client.open(path, method=method, headers=people.super_admin)
        for method, _, path in of_clinic(app, clinic_id)
    ]

    assert {(answer.status_code, answer.json["code"]) for answer in answers} == {(422, "invalid_clinic_id")}


@pytest.mark.parametrize("clinic_id", ["x" * 256, "A-b_9", "0"])
def test_every_id_that_a_tag_of_ses_can_carry_is_a_clinic_id(of: Any, ses: Any, clinic_id: str) -> None:
    assert of(clinic_id, "PUT", "ses", ses).status_code == 200
    assert of(clinic_id, "GET", "config").json["config"]["clinicId"] == clinic_id


def test_the_platforms_endpoints_are_for_super_admins_alone(app: Any, client: Any, people: Any) -> None:
    asked = [route for start in OF_THE_PLATFORM for route in routes(app, start)]

    for who in (people.clinic_admin("c1"), people.location_head("c1"), people.clinic_admin()):
        for method, rule in asked:
            assert client.open(filled(rule), method=method, headers=who).status_code == 403, (method, rule)
    for method, rule in asked:
        assert client.open(filled(rule), method=method, headers=people.super_admin).status_code not in {
            401,
            403,
        }


def test_a_persons_token_does_not_open_the_internal_api_nor_the_other_way_round(
    app: Any, client: Any, people: Any
) -> None:
    internal, public = [*routes(app, "/internal/"), ("POST", EVENTS)], routes(app, "/api/")
    attempts = [(route, people.super_admin) for route in internal]
    attempts += [(route, who) for route in public for who in (people.webhook, people.sender)]
    for number, ((method, rule), who) in enumerate(attempts):
        elsewhere = {"REMOTE_ADDR": f"10.0.0.{number}"}  # too many failures from one place would get 429
        response = client.open(filled(rule), method=method, headers=who, environ_base=elsewhere)
        assert response.status_code == 401
