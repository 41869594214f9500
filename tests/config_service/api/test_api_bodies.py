"""Bodies that are none, and errors of every kind: always one shape, always with the request's id."""

import json
from typing import Any

import pytest

SHAPE = ["success", "code", "message", "hint", "errors", "requestId"]
SES_PATH = "/api/v1/clinics/c1/communication/ses"
JSON_TYPE = "application/json"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def assert_shape(answer: Any) -> None:
    assert list(answer.json) == SHAPE
    assert answer.json["success"] is False
    assert answer.json["message"]
    assert answer.json["hint"]
    assert answer.json["requestId"] == answer.headers["X-Request-Id"] != ""


BODIES = {
    "empty": (b"", JSON_TYPE, 400, "is empty"),
    "not JSON": (b"region=us-east-1", JSON_TYPE, 400, "line 1, column 1"),
    "cut off": (b'{"region": "us-', JSON_TYPE, 400, "not JSON"),
    "a list": (b"[]", JSON_TYPE, 400, "not a JSON object"),
    "a text": (b'"x"', JSON_TYPE, 400, "not a JSON object"),
    "null": (b"null", JSON_TYPE, 400, "not a JSON object"),
    "NaN": (b'{"fromName": NaN}', JSON_TYPE, 400, "not JSON"),
    "infinity": (b'{"fromName": -Infinity}', JSON_TYPE, 400, "not JSON"),
    "nested too deeply": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, JSON_TYPE, 413, "capacity limit"),
    "nested deeply": (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, JSON_TYPE, 400, "nested too deeply"),
    "not UTF-8": ('{"fromName": "é"}'.encode("latin-1"), JSON_TYPE, 400, "UTF-8"),
    "half a surrogate pair": (b'{"fromName": "\\ud800"}', JSON_TYPE, 400, "surrogate"),
    "half a pair for a name": (b'{"\\udfff": 1}', JSON_TYPE, 400, "surrogate"),
    "no content type": (b"{}", None, 415, "missing"),
    "a form": (b"region=us-east-1", "application/x-www-form-urlencoded", 415, "form-urlencoded"),
    "plain text": (b"{}", "text/plain", 415, "text/plain"),
    "a CSV": (b"email\na@b.example", "text/csv", 415, "text/csv"),
    "too large": (b'{"fromName": "' + b"x" * 300_000 + b'"}', JSON_TYPE, 413, "capacity limit"),
}


@pytest.mark.parametrize(("body", "content_type", "status", "words"), BODIES.values(), ids=BODIES)
def test_a_bad_body_is_refused_in_the_one_shape(
    client: Any, people: Any, body: bytes, content_type: str | None, status: int, words: str
) -> None:
    refused = client.put(SES_PATH, data=body, content_type=content_type, headers=people.super_admin)

    assert_shape(refused)
    assert refused.status_code == status
    assert words in refused.json["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/v1/clinics/c1/communication/config"),
        ("POST", "/api/v1/clinics/c1/communication/test-email"),
        ("POST", "/api/v1/clinics/c1/communication/suppressions"),
        ("POST", "/api/v1/clinics/c1/communication/suppressions/check"),
        ("DELETE", "/api/v1/clinics/c1/communication/suppressions/x"),
        ("POST", "/api/v1/suppressions"),
        ("POST", "/api/v1/events/held/1/assign"),
    ],
)
def test_every_endpoint_with_a_body_wants_json(
    call: Any, set_up: Any, people: Any, method: str, path: str
) -> None:
    set_up("c1")

    as_csv = call(method, path, data=b"email\na@b.example", content_type="text/csv")
    as_list = call(method, path, [])

    assert (as_csv.status_code, as_list.status_code) == (415, 400)


def test_json_by_another_name_is_json(client: Any, people: Any, ses: Any) -> None:
    for content_type in ("application/json; charset=utf-8", "application/merge-patch+json"):
        answer = client.put(
            SES_PATH, data=json.dumps(ses), content_type=content_type, headers=people.super_admin
        )
        assert answer.status_code == 200


def test_a_whole_surrogate_pair_is_text(client: Any, people: Any, ses: Any) -> None:
    body = json.dumps({**ses, "fromName": "Clinic 😀"})
    assert "\\ud83d\\ude00" in body

    assert (
        client.put(SES_PATH, data=body, content_type=JSON_TYPE, headers=people.super_admin).status_code == 200
    )


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("GET", "/api/v1/clinics"), ("PUT", "/api/v1/")]
)
def test_an_unknown_path_is_404_in_the_shape(client: Any, method: str, path: str) -> None:
    missed = client.open(path, method=method)

    assert_shape(missed)
    assert (missed.status_code, missed.json["code"]) == (404, "not_found")


def test_a_method_that_is_not_there_is_405_in_the_shape_and_names_those_that_are(
    client: Any, people: Any
) -> None:
    refused = client.delete("/api/v1/clinics/c1/communication/config", headers=people.super_admin)

    assert_shape(refused)
    assert refused.status_code == 405
    assert {"GET", "PUT"} <= set(refused.headers["Allow"].replace(" ", "").split(","))


def test_a_fault_of_ours_is_a_500_without_details(
    app: Any, client: Any, people: Any, monkeypatch: Any, services: Any
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a secret of the inside")

    app.testing = False
    monkeypatch.setattr(services.repositories.clinics, "exists", fail)

    failed = client.get("/api/v1/clinics/c1/communication/config", headers=people.super_admin)

    assert_shape(failed)
    assert (failed.status_code, failed.json["code"]) == (500, "internal_server_error")
    assert "secret" not in failed.text
    assert "RuntimeError" not in failed.text
    assert "requestId" in failed.json["hint"]


IDS = {
    "a safe one": ("abc-123.DEF_456", True),
    "the longest": ("x" * 128, True),
    "too short": ("x" * 7, False),
    "too long": ("x" * 129, False),
    "with a space": ("abc 123 def", False),
    "with markup": ("<script>alert(1)</script>", False),
}


@pytest.mark.parametrize(("given", "kept"), IDS.values(), ids=IDS)
def test_a_request_id_is_taken_over_where_it_is_safe(client: Any, given: str, kept: bool) -> None:
    answer = client.get("/nowhere", headers={"X-Request-Id": given})

    assert_shape(answer)
    assert (answer.headers["X-Request-Id"] == given) is kept


def test_every_request_without_an_id_is_given_one_of_its_own(client: Any) -> None:
    ids = {client.get("/healthz").headers["X-Request-Id"] for _ in range(3)}

    assert len(ids) == 3


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "reason=boredom"])
def test_a_query_is_checked_field_by_field(of: Any, set_up: Any, query: str) -> None:
    set_up("c1")

    refused = of("c1", "GET", f"suppressions?{query}")

    assert_shape(refused)
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [query.partition("=")[0]]


CURSORS = [
    "garbage",
    "%00",
    "!!!!",
    "MTo",
    "OnNvbWV0aGluZw",
    "OTk5OTk5OTk5OTk5OTk5OTk5OTk6eA",
    "LTE6eA",
    "x" * 5000,
]


@pytest.mark.parametrize("place", ["suppressions", "events"])
@pytest.mark.parametrize("cursor", CURSORS)
def test_a_cursor_that_is_not_ours_is_never_a_fault_of_ours(
    of: Any, set_up: Any, place: str, cursor: str
) -> None:
    set_up("c1")

    answer = of("c1", "GET", f"{place}?cursor={cursor}")

    assert answer.status_code == (200 if (place, cursor) == ("suppressions", "MTo") else 422)


def test_a_number_that_no_column_holds_is_not_found(call: Any) -> None:
    for number in (2**63, 10**30):
        assert call("POST", f"/api/v1/events/held/{number}/assign", {"clinicId": "c1"}).status_code == 404
