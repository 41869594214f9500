"""The headers that every answer of config_service carries, whoever makes it."""

from typing import Any

import pytest

from shared.security_headers import with_security_headers

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

ANSWERS = [
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/metrics", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/docs/start.js", 200),
    ("GET", "/api/v1/suppressions", 200),
    ("GET", "/api/v1/clinics/nobody/communication/config", 404),
    ("DELETE", "/healthz", 405),
    ("GET", "/nothing/at/all", 404),
    ("POST", "/api/v1/suppressions", 415),
    ("GET", "/internal/v1/topics", 401),
    ("POST", "/internal/v1/events", 401),
]


@ON_SQLITE
@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_says_what_must_not_be_done_with_it(
    client: Any, people: Any, method: str, path: str, status: int
) -> None:
    answer = client.open(path, method=method, headers=people.super_admin)
    assert answer.status_code == status
    for name, value in HEADERS.items():
        (found,) = answer.headers.getlist(name)
        assert found.startswith(value), name


@ON_SQLITE
def test_an_answer_that_nothing_changed_is_not_kept_either(call: Any) -> None:
    first = call("GET", "/api/v1/suppressions")
    again = call(
        "GET",
        "/api/v1/suppressions",
        None,
        None,
        environ_overrides={"HTTP_IF_NONE_MATCH": first.headers["ETag"]},
    )
    assert again.status_code == 304
    assert again.headers["Cache-Control"].startswith("no-store")


@ON_SQLITE
def test_the_page_of_the_documentation_may_run_its_own_scripts_and_nobody_elses(client: Any) -> None:
    policy = client.get("/docs").headers.getlist("Content-Security-Policy")
    assert len(policy) == 1
    assert "default-src 'self'" in policy[0]
    assert "script-src" not in policy[0]
    assert "unsafe-eval" not in policy[0]
    assert "frame-ancestors 'none'" in policy[0]
    page = client.get("/docs").text
    assert "<script>" not in page  # which the policy would not run


def test_what_an_application_says_itself_stays() -> None:
    own = ("cache-control", "max-age=60")
    sent: list[Any] = []

    def app(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [own], None)
        return [b"body"]

    body = with_security_headers(app)({}, lambda *given: sent.append(given))
    assert list(body) == [b"body"]
    ((status, headers, error),) = sent
    assert (status, error) == ("200 OK", None)
    assert own in headers
    assert "Cache-Control" not in dict(headers)
    assert dict(headers)["X-Content-Type-Options"] == "nosniff"
