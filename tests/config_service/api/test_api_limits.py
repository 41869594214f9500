"""Limits: how large and how deep a body may be, how often a token may fail, how many test emails a clinic sends."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient

from config_service.api import MAX_BODY_BYTES, json_body, recording, suppression_transfer
from config_service.storage.database import StorageUnavailableError

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter
JSON_TYPE = "application/json"
SES_PATH = "/api/v1/clinics/c1/communication/ses"
CONFIG_PATH = "/api/v1/clinics/c1/communication/config"
IMPORT_PATH = "/api/v1/clinics/c1/communication/suppressions/import"
EVENTS_PATH = "/internal/v1/events"
TEST_PATH = "/api/v1/clinics/c1/communication/test-email"


def in_chunks(
    client: FlaskClient, method: str, path: str, body: bytes, headers: dict[str, str], content_type: str
) -> Any:
    """Send a body as gunicorn hands one on that came in chunks: without a length, and with an end."""
    return client.open(
        path,
        method=method,
        input_stream=io.BytesIO(body),
        headers={**headers, "Transfer-Encoding": "chunked"},
        content_type=content_type,
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )


def padded(length: int) -> bytes:
    """Return a JSON body of so many bytes."""
    start, end = b'{"fromName": "', b'"}'
    return start + b"x" * (length - len(start) - len(end)) + end


@ON_SQLITE
def test_a_body_in_chunks_is_refused_where_it_is_too_large_and_read_where_it_is_just_full(
    client: FlaskClient, people: Any
) -> None:
    for length, status in ((MAX_BODY_BYTES, 422), (MAX_BODY_BYTES + 1, 413), (4 * MAX_BODY_BYTES, 413)):
        answers = [
            in_chunks(client, "PUT", SES_PATH, padded(length), people.super_admin, JSON_TYPE),
            client.put(SES_PATH, data=padded(length), content_type=JSON_TYPE, headers=people.super_admin),
        ]
        assert [answer.status_code for answer in answers] == [status, status], length


@ON_SQLITE
def test_a_list_of_events_in_chunks_is_refused_where_it_is_too_large(
    client: FlaskClient, people: Any, event: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"events": [event()]}).encode()
    monkeypatch.setattr(recording, "MAX_BODY_BYTES", len(body))

    full = in_chunks(client, "POST", EVENTS_PATH, body, people.webhook, JSON_TYPE)
    more = in_chunks(client, "POST", EVENTS_PATH, body + b" ", people.webhook, JSON_TYPE)

    assert (full.status_code, more.status_code) == (200, 413)
    assert more.json["code"] == "request_entity_too_large"


@ON_SQLITE
def test_a_csv_in_chunks_that_is_too_large_is_refused_and_not_cut_off_unseen(
    client: FlaskClient, people: Any, set_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up("c1")
    csv = b"email\n" + b"".join(b"jane%d@example.org\n" % number for number in range(20))
    monkeypatch.setattr(suppression_transfer, "MAX_CSV_BYTES", len(csv))

    whole = in_chunks(client, "POST", IMPORT_PATH, csv, people.super_admin, "text/csv")
    more = in_chunks(
        client, "POST", IMPORT_PATH, csv + b"one.more@example.org\n", people.super_admin, "text/csv"
    )
    by_one = in_chunks(client, "POST", IMPORT_PATH, csv + b"\n", people.super_admin, "text/csv")
    declared = client.post(
        IMPORT_PATH, data=csv + b"\n\n", content_type="text/csv", headers=people.super_admin
    )

    assert (whole.status_code, whole.json["imported"]) == (200, 20)
    assert [more.status_code, by_one.status_code, declared.status_code] == [413] * 3


DEPTHS = (json_body.MAX_DEPTH + 1, 900, 940, 950, 990, 1100, 20_000)


@ON_SQLITE
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_body_that_is_nested_too_deeply_is_refused_and_never_a_fault_of_ours(
    client: FlaskClient, people: Any, set_up: Any, depth: int
) -> None:
    set_up("c1")
    nested = b'{"fromName":' * (depth - 1) + b"{}" + b"}" * (depth - 1)
    deep = client.put(CONFIG_PATH, data=nested, content_type=JSON_TYPE, headers=people.super_admin)
    internal = client.post(
        "/internal/v1/clinics/c1/suppressions/check",
        data=b'{"addresses": ["a@b.example"], "more": ' + nested + b"}",
        content_type=JSON_TYPE,
        headers=people.sender,
    )
    events = client.post(
        EVENTS_PATH, data=b'{"events": [' + nested + b"]}", content_type=JSON_TYPE, headers=people.webhook
    )

    assert (deep.status_code, deep.json["code"]) == (400, "bad_request")
    assert "nested too deeply" in deep.json["message"]
    assert internal.status_code in {200, 400}
    assert events.status_code in {200, 400}
    assert [each["result"] for each in events.json.get("results", ())] in ([], ["refused"])


@ON_SQLITE
def test_as_many_levels_as_may_be_are_read(client: FlaskClient, people: Any) -> None:
    depth = json_body.MAX_DEPTH
    nested = b'{"email":' * (depth - 1) + b"{}" + b"}" * (depth - 1)

    answer = client.put(CONFIG_PATH, data=nested, content_type=JSON_TYPE, headers=people.super_admin)

    assert answer.status_code == 422


FORGED = {"Authorization": "Bearer not-a-token"}


def statuses(
    client: FlaskClient, headers: Any, count: int, path: str = CONFIG_PATH, **more: Any
) -> list[int]:
    return [client.get(path, headers=headers, **more).status_code for _ in range(count)]


def from_address(address: str) -> dict[str, Any]:
    return {"environ_overrides": {"REMOTE_ADDR": address}}


def expired(subject: str) -> dict[str, str]:
    claims = {"sub": subject, "role": "SUPER_ADMIN", "exp": int(time.time()) - 60}
    secret = "a secret of a test that is long enough for HS256"
    return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}


@pytest.fixture
def limited(make_client: Callable[..., FlaskClient]) -> FlaskClient:
    return make_client(failed_logins_per_minute=3)


def test_whoever_fails_too_often_is_told_to_wait_and_a_good_token_is_let_in_all_the_same(
    limited: FlaskClient, make_client: Any, people: Any, set_up: Any, clock: Any
) -> None:
    set_up("c1")
    assert statuses(limited, FORGED, 5) == [401, 401, 401, 429, 429]

    refused = limited.get(CONFIG_PATH, headers=FORGED)
    assert (refused.json["code"], refused.headers["Retry-After"]) == ("too_many_failed_logins", "20")
    assert list(refused.json) == ["success", "code", "message", "hint", "errors", "requestId"]
    assert "20 s" in refused.json["hint"]
    assert statuses(limited, people.super_admin, 3) == [200, 200, 200]
    assert statuses(make_client(failed_logins_per_minute=3), FORGED, 1) == [429]  # another process
    clock.advance(20_000)
    assert statuses(limited, FORGED, 2) == [401, 429]


@ON_SQLITE
def test_one_address_does_not_use_up_anothers_share(limited: FlaskClient) -> None:
    assert statuses(limited, FORGED, 4, **from_address("203.0.113.1"))[-1] == 429
    assert statuses(limited, FORGED, 1, **from_address("203.0.113.2")) == [401]


@ON_SQLITE
@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", 429),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", 401),
        ("::ffff:203.0.113.7", "203.0.113.7", 429),
        ("", "203.0.113.7", 401),
    ],
)
def test_a_client_is_an_address_or_a_site_of_ipv6(
    limited: FlaskClient, first: str, second: str, status: int
) -> None:
    statuses(limited, FORGED, 3, **from_address(first))
    assert statuses(limited, FORGED, 1, **from_address(second)) == [status]


@ON_SQLITE
def test_a_token_that_has_expired_counts_against_its_subject_and_not_against_who_shares_the_address(
    limited: FlaskClient,
) -> None:
    statuses(limited, FORGED, 4)
    assert statuses(limited, expired("ann"), 4) == [401, 401, 401, 429]
    assert statuses(limited, expired("bob"), 1) == [401]


@ON_SQLITE
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", EVENTS_PATH),
        ("GET", "/internal/v1/topics"),
        ("GET", "/internal/v1/clinics/c1/effective-config"),
    ],
)
def test_tokens_of_the_internal_api_are_limited_too(
    limited: FlaskClient, people: Any, method: str, path: str
) -> None:
    found = [limited.open(path, method=method, headers=FORGED).status_code for _ in range(4)]
    assert found == [401, 401, 401, 429]
    assert limited.get("/internal/v1/topics", headers=people.webhook).status_code == 200


@ON_SQLITE
def test_a_failure_that_cannot_be_counted_is_answered_as_ever(
    limited: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise StorageUnavailableError("away")

    limit = limited.application.extensions["config_service"].failed_logins._limit
    monkeypatch.setattr(limit, "take", fail)
    assert statuses(limited, FORGED, 5) == [401] * 5


@ON_SQLITE
@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"], 429),
        (1, ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"], 401),
        (1, [f"made-up-{number}, 198.51.100.1" for number in range(4)], 429),
        (2, [f"198.51.100.{number}, 10.0.0.1" for number in range(4)], 401),
        (2, [f"made-up-{number}, 198.51.100.1, 10.0.0.1" for number in range(4)], 429),
    ],
)
def test_the_clients_address_is_what_trusted_proxies_say_and_nobody_else(
    make_client: Callable[..., FlaskClient], proxies: int, forwarded: list[str], found: int
) -> None:
    client = make_client(failed_logins_per_minute=3, trusted_proxies=proxies)
    answers = [
        statuses(client, {**FORGED, "X-Forwarded-For": each}, 1, **from_address("10.0.0.9"))[0]
        for each in forwarded
    ]
    assert answers == [401, 401, 401, found]


@ON_SQLITE
def test_failed_logins_are_counted_for_the_operator(limited: FlaskClient) -> None:
    def counted(code: str) -> float:
        start = f'failed_logins_total{{code="{code}"}} '
        lines = limited.get("/metrics").text.splitlines()
        return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))

    before = [counted("unauthenticated"), counted("too_many_failed_logins")]
    statuses(limited, FORGED, 5)
    after = [counted("unauthenticated"), counted("too_many_failed_logins")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [3, 2]


def send(client: FlaskClient, people: Any, clinic: str = "c1", to: str = "jane@example.org") -> Any:
    path = TEST_PATH.replace("/c1/", f"/{clinic}/")
    return client.post(path, json={"testEmail": to}, headers=people.super_admin)


def test_a_clinic_sends_so_many_test_emails_and_is_then_told_when_it_may_again(
    make_client: Callable[..., FlaskClient], people: Any, set_up: Any, clock: Any, email_providers: Any
) -> None:
    for clinic in ("c1", "c2"):
        set_up(clinic, fromEmail=f"noreply@{clinic}.example")
    client, another = make_client(test_emails_per_hour=2), make_client(test_emails_per_hour=2)

    assert [send(each, people).status_code for each in (client, another, client)] == [200, 200, 429]
    refused = send(another, people)
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_test_emails")
    assert refused.headers["Retry-After"] == "1800"
    assert "1800 s" in refused.json["hint"]
    assert send(client, people, "c2").status_code == 200
    clock.advance(1_800_000)
    assert [send(client, people).status_code for _ in range(2)] == [200, 429]


@ON_SQLITE
def test_a_test_email_that_is_not_sent_uses_nothing_up(
    make_client: Callable[..., FlaskClient], people: Any, set_up: Any, of: Any
) -> None:
    set_up("c1")
    of("c1", "POST", "suppressions", {"email": "jane@example.org"})
    client = make_client(test_emails_per_hour=1)

    assert [send(client, people).status_code for _ in range(2)] == [409, 409]
    assert send(client, people, to="nobody").status_code == 422
    assert send(client, people, to="bob@example.org").status_code == 200


@ON_SQLITE
def test_no_test_email_is_sent_that_cannot_be_counted(
    make_client: Callable[..., FlaskClient], people: Any, set_up: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise StorageUnavailableError("away", retry_after=5)

    set_up("c1")
    client = make_client()
    limit = client.application.extensions["config_service"].test_emails.limit
    monkeypatch.setattr(limit, "take", fail)
    assert send(client, people).status_code == 503
