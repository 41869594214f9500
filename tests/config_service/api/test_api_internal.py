"""The internal API: what webhook_service records and what sending services ask."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter
JANE = "jane@example.org"
EVENTS = "/internal/v1/events"
TOPICS = "/internal/v1/topics"
CONFIG = "/internal/v1/clinics/{}/effective-config"
CHECK = "/internal/v1/clinics/{}/suppressions/check"
TOPIC = "arn:aws:sns:us-east-1:123456789012:ses-events-of-c1"


@pytest.fixture
def post_events(client: Any, people: Any) -> Any:
    return lambda body, headers=None: client.post(EVENTS, json=body, headers=headers or people.webhook)


ENDPOINTS = {
    "events": ("POST", EVENTS, "webhook"),
    "topics": ("GET", TOPICS, "webhook"),
    "effective config": ("GET", CONFIG.format("c1"), "sender"),
    "check": ("POST", CHECK.format("c1"), "sender"),
}


@ON_SQLITE
@pytest.mark.parametrize(("method", "path", "holder"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_each_half_opens_to_its_own_scope_alone(
    client: Any, people: Any, method: str, path: str, holder: str
) -> None:
    other = {"webhook": people.sender, "sender": people.webhook}[holder]

    without = client.open(path, method=method)
    wrong = client.open(path, method=method, headers={"Authorization": "Bearer wrong"})
    refused = client.open(path, method=method, headers=other)
    allowed = client.open(path, method=method, headers=getattr(people, holder))

    assert (without.status_code, wrong.status_code) == (401, 401)
    assert without.headers["WWW-Authenticate"] == "Bearer"
    assert (refused.status_code, refused.json["code"]) == (403, "wrong_scope")
    assert allowed.status_code not in {401, 403}


@ON_SQLITE
def test_several_tokens_are_accepted_while_they_are_rotated_and_the_audit_names_the_one(
    make_client: Any, settings: Any, set_up: Any, services: Any
) -> None:
    set_up("c1")
    old = settings.internal_tokens[1]
    new = replace(old, name="sender-2", digest=sha256(b"the-new-token-of-the-sender").digest())
    client = make_client(internal_tokens=(*settings.internal_tokens, new))

    statuses = [
        client.get(CONFIG.format("c1"), headers={"Authorization": f"Bearer {token}"}).status_code
        for token in ("send-token-of-a-test-0123456789", "the-new-token-of-the-sender")
    ]

    names = [row.actor for row in services.repositories.audit.of_clinic("c1")][:2]
    assert statuses == [200, 200]
    assert names == ["service:sender-2", "service:sender"]


def test_a_bad_event_among_good_ones_is_answered_by_itself(
    post_events: Any, of: Any, set_up: Any, event: Any
) -> None:
    set_up("c1")
    batch = [
        event("Bounce", "a@example.org"),
        {"kind": "Bounce"},
        "no object",
        event("Bounce", "b@example.org", at="yesterday"),
        event("Complaint", "c@example.org", source="who@stranger.example"),
        event("SomethingNew", "d@example.org", fieldOfTomorrow=1),
    ]

    answer = post_events({"events": [*batch, batch[0]]})

    results = answer.json["results"]
    assert answer.status_code == 200
    assert [result["result"] for result in results] == [
        "recorded",
        "refused",
        "refused",
        "refused",
        "held",
        "recorded",
        "duplicate",
    ]
    assert "required field `at`" in results[1]["message"]
    assert "at" in results[3]["message"]
    assert (results[0]["clinicId"], results[0]["rule"]) == ("c1", "source")
    assert len(of("c1", "GET", "events").json["events"]) == 2


def test_an_event_that_no_database_can_hold_is_refused_alone(
    post_events: Any, of: Any, set_up: Any, event: Any
) -> None:
    set_up("c1")
    broken = event("Bounce", "b@example.org", status="5.1.1\ud800")

    answer = post_events(
        {"events": [event("Bounce", "a@example.org"), broken, event("Bounce", "c@example.org")]}
    )

    assert [result["result"] for result in answer.json["results"]] == ["recorded", "refused", "recorded"]
    assert len(of("c1", "GET", "events").json["events"]) == 2


@ON_SQLITE
@pytest.mark.parametrize("events", [[], None, "x", {}])
def test_a_batch_must_hold_events(post_events: Any, events: Any) -> None:
    assert post_events({"events": events}).status_code == 422


def test_500_events_go_in_one_call_and_501_do_not(post_events: Any, set_up: Any, event: Any) -> None:
    set_up("c1")
    batch = [event("Bounce", f"p{number}@example.org") for number in range(501)]

    refused = post_events({"events": batch})
    recorded = post_events({"events": batch[:500]})

    assert refused.status_code == 422
    assert {result["result"] for result in recorded.json["results"]} == {"recorded"}
    assert len(recorded.json["results"]) == 500


@ON_SQLITE
def test_events_are_not_acknowledged_while_the_database_is_away(
    post_events: Any, set_up: Any, event: Any, break_database: Any
) -> None:
    set_up("c1")
    break_database()

    assert post_events({"events": [event()]}).status_code == 503


def test_topics_are_listed_with_their_clinics_and_an_etag(client: Any, people: Any, set_up: Any) -> None:
    empty = client.get(TOPICS, headers=people.webhook)
    set_up("c1", snsTopicArn=TOPIC)
    one = client.get(TOPICS, headers=people.webhook)
    same = client.get(TOPICS, headers={**people.webhook, "If-None-Match": one.headers["ETag"]})
    set_up("c2", fromEmail="a@two.example", snsTopicArn=TOPIC)
    contested = client.get(TOPICS, headers={**people.webhook, "If-None-Match": one.headers["ETag"]})

    assert empty.json == {"success": True, "topics": []}
    assert one.json["topics"] == [{"topicArn": TOPIC, "clinicIds": ["c1"]}]
    assert (same.status_code, same.data) == (304, b"")
    assert contested.json["topics"] == [{"topicArn": TOPIC, "clinicIds": ["c1", "c2"]}]


def test_a_contested_topic_identifies_neither_clinic(set_up: Any, record: Any, event: Any) -> None:
    set_up("c1", snsTopicArn=TOPIC)
    set_up("c2", fromEmail="a@two.example", snsTopicArn=TOPIC)

    (result,) = record(event("Bounce", JANE, topicArn=TOPIC, source="who@stranger.example"))

    assert (result["result"], result["rule"]) == ("held", "topic_of_several_clinics")


@pytest.fixture
def effective(client: Any, people: Any) -> Any:
    return lambda clinic_id="c1": client.get(CONFIG.format(clinic_id), headers=people.sender)


def smtp(host: str, **entry: Any) -> dict[str, Any]:
    return {"provider": "smtp", "credentials": {"host": host, "fromEmail": "a@clinic.example"}, **entry}


def test_the_effective_config_lists_what_to_try_in_order_opened_and_the_platform_last(
    of: Any, effective: Any, ses: Any
) -> None:
    email = {
        "primary": {"provider": "aws_ses", "credentials": ses, "priority": 9},
        "fallback": [
            smtp("third", priority=7),
            smtp("off", enabled=False, priority=1),
            smtp("second", priority=3),
        ],
        "defaultFrom": "a@clinic.example",
        "defaultFromName": "Clinic",
    }
    twilio = {"accountSid": f"AC{32 * '0'}", "authToken": "token", "fromNumber": "+14155550100"}
    of(
        "c1",
        "PUT",
        "config",
        {"email": email, "sms": {"primary": {"provider": "twilio", "credentials": twilio}}},
    )

    answer = effective()

    config = answer.json["config"]
    providers = config["email"]["providers"]
    assert [(found["account"], found["credentials"].get("host")) for found in providers] == [
        ("clinic", None),
        ("clinic", "second"),
        ("clinic", "third"),
        ("platform", None),
    ]
    assert providers[0] == {"provider": "aws_ses", "account": "clinic", "credentials": ses}
    assert providers[-1]["credentials"] == {
        "region": "us-east-1",
        "fromEmail": "noreply@healthcare.example",
        "fromName": "Healthcare",
    }
    assert (config["email"]["defaultFrom"], config["email"]["defaultFromName"]) == (
        "a@clinic.example",
        "Clinic",
    )
    assert config["sms"]["providers"] == [{"provider": "twilio", "account": "clinic", "credentials": twilio}]
    assert config["whatsapp"] == {"providers": []}
    assert (config["clinicId"], config["externalId"]) == (
        "c1",
        of("c1", "GET", "config").json["config"]["externalId"],
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_opening_is_audited_by_what_was_opened(
    effective: Any, set_up: Any, services: Any, ses: Any
) -> None:
    set_up("c1")

    effective()
    effective()

    rows = [row for row in services.repositories.audit.of_clinic("c1") if row.action == "credentials.opened"]
    assert [(row.actor, row.role) for row in rows] == [("service:sender", "SERVICE")] * 2
    assert rows[0].fields == ["email.aws_ses", "email.aws_ses"]
    assert ses["secretAccessKey"] not in str(rows)


@ON_SQLITE
@pytest.mark.parametrize("clinic_id", ["nobody", "a%20b", "%00"])
def test_an_unknown_clinic_has_no_effective_config(effective: Any, clinic_id: str) -> None:
    assert (effective(clinic_id).status_code, effective(clinic_id).json["code"]) == (404, "clinic_not_found")


@ON_SQLITE
def test_a_credential_that_was_moved_from_another_clinic_is_not_opened(
    effective: Any, set_up: Any, raw_database: Any, services: Any
) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example")
    stolen = services.repositories.clinics.get("c1").settings["communicationSettings"]["email"]["primary"][
        "credentials"
    ]
    raw_database.set_at("c2", "email,primary,credentials,secretAccessKey", f'"{stolen["secretAccessKey"]}"')

    refused = effective("c2")

    assert (refused.status_code, refused.json["code"]) == (503, "sealed_value_unreadable")
    assert refused.json["hint"]


@pytest.fixture
def check(client: Any, people: Any) -> Any:
    return lambda addresses, clinic_id="c1": client.post(
        CHECK.format(clinic_id), json={"addresses": addresses}, headers=people.sender
    )


def test_a_thousand_addresses_are_answered_in_their_order(
    check: Any, set_up: Any, record: Any, event: Any
) -> None:
    set_up("c1")
    record(event("Bounce", "p7@example.org"), event("Complaint", "p999@example.org"))
    addresses = [f"P{number}@example.org" for number in range(1000)]

    results = check(addresses).json["results"]

    assert [result["email"] for result in results] == addresses
    assert [result["email"] for result in results if not result["reachable"]] == [
        "P7@example.org",
        "P999@example.org",
    ]
    assert (results[7]["suppressed"], results[7]["reasons"][0]["code"]) == (True, "hard_bounce")


@ON_SQLITE
@pytest.mark.parametrize("addresses", [[], ["a@b.example"] * 1001, None, "a@b.example", [5], [None]])
def test_a_list_that_is_none_is_refused(check: Any, set_up: Any, addresses: Any) -> None:
    set_up("c1")

    refused = check(addresses)

    assert (refused.status_code, list(refused.json["errors"])) == (422, ["addresses"])


@ON_SQLITE
def test_what_is_no_address_is_not_reachable_and_the_others_are_answered(check: Any, set_up: Any) -> None:
    set_up("c1")

    results = check(["jane", JANE, "", "a@b.example, c@d.example"]).json["results"]

    assert [result["reachable"] for result in results] == [False, True, False, False]
    assert [result["suppressed"] for result in results] == [False] * 4
    assert {result["reasons"][0]["code"] for result in results if result["reasons"]} == {"invalid_address"}


def test_a_check_fails_closed(check: Any, set_up: Any, break_database: Any) -> None:
    set_up("c1")
    break_database()

    assert check([JANE]).status_code == 503


@ON_SQLITE
def test_an_unknown_clinic_is_not_checked(check: Any) -> None:
    assert check([JANE], "nobody").status_code == 404


@ON_SQLITE
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"addresses": [NaN]}'])
def test_bad_json_is_refused_in_the_shape(client: Any, people: Any, body: bytes) -> None:
    for path, who in ((EVENTS, people.webhook), (CHECK.format("c1"), people.sender)):
        refused = client.post(path, data=body, content_type="application/json", headers=who)
        assert refused.status_code == 400
        assert refused.json["requestId"] == refused.headers["X-Request-Id"]
