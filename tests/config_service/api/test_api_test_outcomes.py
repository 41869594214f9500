"""What became of a test email: joined with SES's events by the message id, whatever comes first."""

from itertools import permutations
from typing import Any

import pytest

from config_service.providers.base import SendRefusedError

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter
JANE = "jane@example.org"
PLATFORM = "noreply@healthcare.example"
TOPIC_OF_C2 = "arn:aws:sns:us-east-1:123456789012:ses-events-of-c2"


@pytest.fixture
def send(of: Any) -> Any:
    def post(clinic_id: str = "c1", **more: Any) -> dict[str, Any]:
        answer = of(clinic_id, "POST", "test-email", {"testEmail": JANE, **more})
        assert answer.status_code == 200, answer.json
        sent: dict[str, Any] = answer.json
        return sent

    return post


@pytest.fixture
def outcome(of: Any) -> Any:
    def get(sent: dict[str, Any], clinic_id: str = "c1") -> dict[str, Any]:
        answer: dict[str, Any] = of(clinic_id, "GET", f"test-email/{sent['testId']}").json
        return answer

    return get


WEIGHTS = ["Complaint", "Bounce", "Reject", "Delivery", "DeliveryDelay"]  # the weightiest first
STATUSES = dict(zip(WEIGHTS, ["complained", "bounced", "rejected", "delivered", "delayed"], strict=True))


@ON_SQLITE
@pytest.mark.parametrize("kind", WEIGHTS)
def test_each_kind_has_its_word(
    send: Any, outcome: Any, set_up: Any, record: Any, event: Any, kind: str
) -> None:
    set_up("c1")
    sent = send()

    record(event(kind, None if kind == "Reject" else JANE, mailMessageId=sent["messageId"]))

    assert outcome(sent)["status"] == STATUSES[kind]


@ON_SQLITE
@pytest.mark.parametrize("kind", ["Send", "Open", "Click", "Subscription", "SomethingNew"])
def test_a_kind_that_says_nothing_of_the_fate_leaves_it_accepted(
    send: Any, outcome: Any, set_up: Any, record: Any, event: Any, kind: str
) -> None:
    set_up("c1")
    sent = send()

    record(event(kind, None, mailMessageId=sent["messageId"]))

    assert outcome(sent)["status"] == "accepted"


@ON_SQLITE
@pytest.mark.parametrize(
    "order", [*permutations(["Complaint", "Bounce", "Delivery"]), WEIGHTS, WEIGHTS[::-1]]
)
def test_the_weightiest_counts_in_whatever_order_they_come(
    send: Any, outcome: Any, set_up: Any, record: Any, event: Any, order: Any
) -> None:
    set_up("c1")
    sent = send()
    seen: list[str] = []

    for minute, kind in enumerate(order):
        at = f"2026-01-01T00:{minute:02}:00+00:00"
        record(event(kind, None if kind == "Reject" else JANE, mailMessageId=sent["messageId"], at=at))
        seen.append(kind)
        weightiest = min(seen, key=WEIGHTS.index)
        assert outcome(sent)["status"] == STATUSES[weightiest]


def test_the_reason_is_what_the_remote_server_said(
    send: Any, outcome: Any, set_up: Any, record: Any, event: Any
) -> None:
    set_up("c1")
    sent = send()

    record(
        event(
            "Bounce",
            JANE,
            mailMessageId=sent["messageId"],
            at="2026-01-01T00:00:09+00:00",
            status="5.1.1",
            detail="smtp; 550 5.1.1 jane@example.org: user unknown",
        )
    )

    assert outcome(sent) == {
        "success": True,
        "testId": sent["testId"],
        "messageId": sent["messageId"],
        "status": "bounced",
        "reason": "Permanent, General, 5.1.1, smtp; 550 5.1.1 jane@example.org: user unknown",
        "at": "2026-01-01T00:00:09+00:00",
    }


def test_an_event_that_overtakes_the_answer_counts(
    of: Any, outcome: Any, set_up: Any, record: Any, event: Any, email_providers: Any, monkeypatch: Any
) -> None:
    set_up("c1")
    account = email_providers.for_clinic("c1", "", "aws_ses", {})

    def bounce_at_once(_: Any) -> str:
        record(event("Bounce", JANE, mailMessageId="fast-1"))
        return "fast-1"

    monkeypatch.setattr(account, "send", bounce_at_once)

    sent = of("c1", "POST", "test-email", {"testEmail": JANE}).json

    assert outcome(sent)["status"] == "bounced"
    assert [entry["email"] for entry in of("c1", "GET", "suppressions").json["suppressions"]] == [JANE]


def test_an_event_of_the_platforms_account_that_overtakes_the_answer_moves_to_the_clinic(
    of: Any,
    call: Any,
    outcome: Any,
    set_up: Any,
    report: Any,
    email_providers: Any,
    monkeypatch: Any,
) -> None:
    of("c1", "PUT", "config", {})
    set_up("c2", fromEmail="a@two.example")
    before: list[Any] = []

    def bounce_at_once(_: Any) -> str:
        before.append(report("Bounce", JANE, mailMessageId="fast-1", source=PLATFORM))
        before.append(len(call("GET", "/api/v1/suppressions").json["suppressions"]))
        return "fast-1"

    monkeypatch.setattr(email_providers.platform(), "send", bounce_at_once)

    sent = of("c1", "POST", "test-email", {"testEmail": JANE}).json

    assert (before[0]["clinicId"], before[0]["rule"], before[1]) == (None, "platform", 1)
    assert outcome(sent)["status"] == "bounced"
    assert call("GET", "/api/v1/suppressions").json["suppressions"] == []
    assert [entry["email"] for entry in of("c1", "GET", "suppressions").json["suppressions"]] == [JANE]
    assert of("c2", "POST", "suppressions/check", {"email": JANE}).json["reachable"] is True


def test_a_held_event_that_overtakes_the_answer_is_applied(
    of: Any,
    call: Any,
    outcome: Any,
    set_up: Any,
    report: Any,
    email_providers: Any,
    monkeypatch: Any,
) -> None:
    set_up("c1")
    set_up("c2")  # the same sender: the source alone says nothing any more
    account = email_providers.for_clinic("c1", "", "aws_ses", {})
    results: list[Any] = []

    def bounce_at_once(_: Any) -> str:
        results.append(report("Bounce", JANE, mailMessageId="fast-1"))
        return "fast-1"

    monkeypatch.setattr(account, "send", bounce_at_once)

    sent = of("c1", "POST", "test-email", {"testEmail": JANE}).json

    assert results[0]["result"] == "held"
    assert outcome(sent)["status"] == "bounced"
    assert call("GET", "/api/v1/events/held").json["events"] == []


def test_another_clinics_topic_cannot_speak_about_this_send(
    send: Any, outcome: Any, of: Any, set_up: Any, record: Any, event: Any
) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example", snsTopicArn=TOPIC_OF_C2)
    sent = send()

    results = record(
        event("Complaint", JANE, mailMessageId=sent["messageId"], topicArn=TOPIC_OF_C2),
        event(
            "Complaint", JANE, mailMessageId=sent["messageId"], topicArn=TOPIC_OF_C2, source="a@two.example"
        ),
        event("Complaint", JANE, mailMessageId=sent["messageId"], topicArn=TOPIC_OF_C2, source=None),
    )

    assert [(result["result"], result["clinicId"]) for result in results][:2] == [
        ("held", None),
        ("recorded", "c2"),
    ]
    assert all(result["clinicId"] != "c1" for result in results)
    assert outcome(sent)["status"] == "accepted"
    assert of("c1", "GET", "suppressions").json["suppressions"] == []


def test_after_another_clinics_false_word_the_true_one_still_counts(
    send: Any, outcome: Any, set_up: Any, record: Any, event: Any
) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example", snsTopicArn=TOPIC_OF_C2)
    sent = send()
    record(
        event("Bounce", JANE, mailMessageId=sent["messageId"], topicArn=TOPIC_OF_C2, source="a@two.example")
    )

    record(event("Bounce", JANE, mailMessageId=sent["messageId"]))

    assert outcome(sent)["status"] == "bounced"


@ON_SQLITE
def test_a_test_of_another_clinic_is_not_found(send: Any, of: Any, set_up: Any) -> None:
    set_up("c1")
    set_up("c2", fromEmail="a@two.example")
    sent = send()

    for clinic, test_id in (("c2", sent["testId"]), ("c1", "0" * 32), ("c1", "%00")):
        missed = of(clinic, "GET", f"test-email/{test_id}")
        assert missed.status_code == 404
        assert missed.json["hint"]


@ON_SQLITE
def test_a_refused_test_is_remembered_with_its_code(
    of: Any, set_up: Any, email_providers: Any, services: Any
) -> None:
    set_up("c1")
    email_providers.refuse_with(SendRefusedError("No.", code="ses_access_denied"))
    of("c1", "POST", "test-email", {"testEmail": JANE})
    test_id = services.repositories.audit.of_clinic("c1")[0].fields[0].partition(":")[2]

    shown = of("c1", "GET", f"test-email/{test_id}").json

    assert (shown["status"], shown["reason"], shown["messageId"]) == ("refused", "ses_access_denied", None)
