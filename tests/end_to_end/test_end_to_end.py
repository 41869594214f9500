"""Both services as processes: what holds only where they meet."""

import itertools
import json
import random
import re
import sqlite3
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import requests
import urllib3
from canaries import PATIENT, SECRET, SUBJECT, spotted
from ses_messages import ses_event
from waiting import await_that

from config_service import create_services
from config_service.settings import read_settings
from shared.internal_api import FeedbackEvent
from shared.ses import parse_ses_message
from shared.sns import parse_envelope

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(240)]

EVENTS = 2000
CLINICS = 10
CLIENTS = 64  # so many at once that several events go in one call and one commit
BASE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _ses(index: int) -> dict[str, Any]:
    return {
        "region": "us-east-1",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "secretAccessKey": SECRET,
        "fromEmail": f"noreply@clinic-{index}.example",
    }


def _story(seed: int) -> list[str]:
    """Return SES's messages of a busy day: few patients, so that their histories cross."""
    chance = random.Random(seed)
    soft = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}
    messages = []
    for number in range(EVENTS):
        clinic = chance.randrange(CLINICS + 1)  # the last one is nobody's
        patient = f"patient-{chance.randrange(40)}@mail.example"
        kind, detail = chance.choices(
            [("Delivery", {}), ("Bounce", soft), ("Bounce", {}), ("Complaint", {})], [50, 44, 3, 3]
        )[0]
        if detail is soft:
            detail = {**soft, "bouncedRecipients": [{"emailAddress": patient, "status": "4.2.2"}]}
        at = BASE + timedelta(minutes=chance.randrange(60 * 24 * 20))
        # Now and then the same event comes by two ways: an identity's and a configuration set's.
        message_id = f"mail-{number if chance.random() > 0.1 else chance.randrange(EVENTS)}"
        messages.append(
            ses_event(kind, f"noreply@clinic-{clinic}.example", patient, at, message_id, **detail)
        )
    return messages


def _state(database_url: str) -> dict[str, list[tuple[Any, ...]]]:
    queries = {
        "suppressions": "SELECT COALESCE(clinic_id, ''), address_hash, reason, since, COALESCE(until, 0) FROM suppressions",
        "events": "SELECT clinic_id, recipient_hash, kind, COUNT(*) FROM events GROUP BY 1, 2, 3",
        "held": "SELECT sns_message_id, recipient_hash, kind, rule FROM held_events",
    }
    with psycopg.connect(database_url) as connection:
        return {name: sorted(connection.execute(query).fetchall()) for name, query in queries.items()}


def test_two_of_each_take_2000_events_three_times_and_end_as_one_delivery_each_would(
    start_services: Callable[[str], Any], postgres_url: str, second_postgres_url: str
) -> None:
    stack = start_services(postgres_url)
    stack.log_level, stack.workers = "WARNING", "1"
    for _ in range(2):
        stack.start_webhook_service(stack.start_config_service())
    headers = stack.token()
    for index in range(CLINICS):
        url = f"{stack.config_urls[index % 2]}/api/v1/clinics/clinic-{index}/communication/ses"
        assert requests.put(url, json=_ses(index), headers=headers, timeout=20).status_code == 200
    envelopes = [stack.sns.notification(message) for message in _story(seed=7)]
    deliveries = [envelope for envelope in envelopes for _ in range(3)]
    random.Random(8).shuffle(deliveries)

    answers = _deliver(deliveries, stack.webhook_urls)

    assert set(answers) == {200}
    _deliver_once_in_process(stack, envelopes, second_postgres_url)
    assert _state(postgres_url) == _state(second_postgres_url)


def _deliver(envelopes: list[dict[str, str]], urls: list[str]) -> list[int]:
    """Post every envelope, to both webhooks by turns, and again where one asks for that, as SNS does."""
    turn = itertools.cycle(urls)

    def post(body: bytes) -> int:
        for _ in range(5):
            url = f"{next(turn)}/api/v1/webhooks/ses"
            answer = http.request("POST", url, body=body, retries=False, timeout=20)
            if answer.status != 503:
                break
        return answer.status

    bodies = {id(envelope): json.dumps(envelope).encode() for envelope in envelopes}
    # `requests` would take more of the machine than the services do.
    with urllib3.PoolManager(maxsize=CLIENTS) as http, ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(post, (bodies[id(envelope)] for envelope in envelopes)))


def _deliver_once_in_process(stack: Any, envelopes: list[dict[str, str]], database_url: str) -> None:
    """What one delivery each, one after another, would give: the same keys, another database."""
    settings = read_settings(
        {
            "VAR_DIR": str(stack.var),
            "DATABASE_URL": database_url,
            "AWS_SNS_TOPIC_ARN": envelopes[0]["TopicArn"],
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "unused",
            "AWS_REGION": "us-east-1",
        }
    )
    services = create_services(settings)
    for index in range(CLINICS):
        services.configs.save_ses(clinic_id=f"clinic-{index}", actor="test", credentials=_ses(index))
    parsed = [parse_envelope(json.dumps(envelope).encode()) for envelope in envelopes]
    events = [
        FeedbackEvent(each.message_id, each.topic_arn, event)
        for each in parsed
        for event in parse_ses_message(each.message, each.at)
    ]
    for start in range(0, len(events), 100):
        services.feedback.record(events[start : start + 100])
    services.repositories.database.close()


def test_no_planted_secret_and_no_planted_address_is_in_the_database_files_or_the_logs(
    sqlite_stack: Any,
) -> None:
    stack, (webhook,) = sqlite_stack, sqlite_stack.webhook_urls
    clinic = f"{stack.config_urls[0]}/api/v1/clinics/clinic-1/communication"
    headers = stack.token()
    assert requests.put(f"{clinic}/ses", json=_ses(1), headers=headers, timeout=20).status_code == 200
    for kind in ("Bounce", "Complaint", "Delivery"):
        message = ses_event(kind, "noreply@clinic-1.example", PATIENT, BASE, f"mail-{kind}")
        answer = requests.post(
            f"{webhook}/api/v1/webhooks/ses", json=stack.sns.notification(message), timeout=20
        )
        assert answer.json()["result"] == "recorded"
    about = {"destination": [PATIENT], "commonHeaders": {"subject": SUBJECT}}
    broken = json.dumps({"notificationType": "Bounce", "mail": about})
    answer = requests.post(f"{webhook}/api/v1/webhooks/ses", json=stack.sns.notification(broken), timeout=20)
    assert answer.json()["result"] == "held"
    answer = requests.post(f"{clinic}/test-email", json={"testEmail": PATIENT}, headers=headers, timeout=20)
    assert answer.json()["code"] == "recipient_suppressed"
    listed = requests.get(f"{clinic}/suppressions", headers=headers, timeout=20).json()
    assert [entry["email"].lower() for entry in listed["suppressions"]] == [PATIENT.lower()]
    forged = stack.sns.notification(broken) | {"Message": f"{SUBJECT} {PATIENT}"}
    refused = requests.post(f"{webhook}/api/v1/webhooks/ses", json=forged, timeout=20)
    assert refused.status_code == 403

    searched = {path.name: path.read_bytes() for path in stack.var.glob("clinic_mail.db*")}
    for url in (webhook, stack.config_urls[0]):
        searched[url] = requests.get(f"{url}/metrics", timeout=20).content
    searched |= {"logs": stack.logs().encode(), "refusal": refused.content}

    assert {"clinic_mail.db", "clinic_mail.db-wal"} <= searched.keys()
    assert {name: found for name, text in searched.items() if (found := spotted(text))} == {}


def test_no_process_of_either_service_may_leave_an_image_of_its_memory(sqlite_stack: Any) -> None:
    masters = [process.pid for process in sqlite_stack.processes]
    workers = [child.pid for pid in masters for child in psutil.Process(pid).children()]

    limits = {pid: Path(f"/proc/{pid}/limits").read_text() for pid in masters + workers}

    assert len(workers) >= 2
    for text in limits.values():
        assert re.search(r"^Max core file size +0 +0 ", text, re.MULTILINE), text


def test_what_was_answered_200_is_there_after_a_kill(
    start_services: Callable[[str], Any], tmp_path: Path
) -> None:
    stack = start_services(f"sqlite:///{tmp_path / 'clinic_mail.db'}")
    webhook = stack.start_webhook_service(stack.start_config_service())
    message = ses_event("Bounce", "noreply@nobody.example", PATIENT, BASE, "mail-1")
    envelope = stack.sns.notification(message)
    assert (
        requests.post(f"{webhook}/api/v1/webhooks/ses", json=envelope, timeout=20).json()["result"] == "held"
    )

    stack.kill(stack.processes[0])
    while_away = requests.post(
        f"{webhook}/api/v1/webhooks/ses", json=stack.sns.notification(message), timeout=20
    )

    assert while_away.status_code == 503
    assert "Retry-After" in while_away.headers
    with sqlite3.connect(tmp_path / "clinic_mail.db") as connection:
        held = connection.execute("SELECT sns_message_id FROM held_events").fetchall()
    connection.close()
    assert held == [(envelope["MessageId"],)]


def test_both_services_log_the_same_request_id(sqlite_stack: Any) -> None:
    stack, (webhook,) = sqlite_stack, sqlite_stack.webhook_urls
    request_id = uuid.uuid4().hex
    message = ses_event("Bounce", "noreply@nobody.example", PATIENT, BASE, "mail-1")

    answer = requests.post(
        f"{webhook}/api/v1/webhooks/ses",
        json=stack.sns.notification(message, version="1"),
        headers={"X-Request-Id": request_id},
        timeout=20,
    )

    assert answer.headers["X-Request-Id"] == request_id
    for service in ("config_service", "webhook_service"):
        await_that(partial(_has_logged, stack, service, request_id))


def _has_logged(stack: Any, service: str, text: str) -> bool:
    return any(text in path.read_text() for path in stack.var.glob(f"{service}-*.log"))


def test_metrics_are_right_under_several_workers(sqlite_stack: Any) -> None:
    (webhook,), (config,) = sqlite_stack.webhook_urls, sqlite_stack.config_urls
    held = 'held_events{reason="unknown_source"}'
    recorded = 'feedback_events_total{kind="Bounce",result="held",simulated="false"}'
    answered = 'http_requests_total{method="POST",route="/api/v1/webhooks/ses",status="200"}'
    before = _metrics(webhook) | _metrics(config)

    for number in range(20):  # each on a connection of its own, so that both workers get some
        message = ses_event(
            "Bounce", "noreply@nobody.example", f"p{number}@mail.example", BASE, f"mail-{number}"
        )
        body = sqlite_stack.sns.notification(message)
        requests.post(f"{webhook}/api/v1/webhooks/ses", json=body, timeout=20)

    def counted() -> dict[str, float]:
        after = _metrics(webhook) | _metrics(config)
        return {name: after[name] - before.get(name, 0) for name in (held, recorded, answered)}

    await_that(lambda: counted()[answered] >= 20)  # it is counted once the answer is on its way
    assert counted() == {held: 20, recorded: 20, answered: 20}


def _metrics(url: str) -> dict[str, float]:
    """Return what a service's processes count together, by series; only one of the two has each series asked for."""
    lines = requests.get(f"{url}/metrics", timeout=20).text.splitlines()
    shown = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in shown.items()}
