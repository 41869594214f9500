"""An outage longer than SNS's patience: the letters wait in the queue, and one command brings them home."""

import contextlib
import json
import logging
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import requests
from ses_messages import ses_event

from config_service.__main__ import main
from config_service.providers import dead_letter_queue
from local_aws.options import Options
from local_aws.server import LocalAws

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
BASE = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = 60
MESSAGES = 7
RETRIES = 1

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]


@dataclass
class Aws:
    """The local AWS with a topic and its dead-letter queue."""

    origin: str
    topic: str = ""
    queue: str = ""

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.origin,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="any",
        )

    def set_up(self) -> None:
        self.topic = self.client("sns").create_topic(Name="healthcare-ses-events")["TopicArn"]
        self.queue = self.client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"]

    def subscribe(self, endpoint: str) -> None:
        redrive = json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead-letters"})
        sns = self.client("sns")
        sns.subscribe(
            TopicArn=self.topic, Protocol="http", Endpoint=endpoint, Attributes={"RedrivePolicy": redrive}
        )
        eventually(
            lambda: [
                each
                for each in sns.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
                if each["SubscriptionArn"].startswith("arn:")
            ]
        )

    def publish(self, message: str) -> str:
        document = {"topicArn": self.topic, "message": message, "signatureVersion": "2"}
        answer = requests.post(f"{self.origin}/_local/publish", json=document, timeout=5)
        return str(answer.json()["messageId"])

    def dead_lettered(self) -> set[str]:
        deliveries = requests.get(f"{self.origin}/_local/deliveries", timeout=5).json()
        return {each["messageId"] for each in deliveries if each["status"] == "dead_lettered"}


@pytest.fixture
def aws() -> Iterator[Aws]:
    options = Options(
        port=free_port(),
        ministack_port=free_port(),
        ministack=ROOT / ".venv-aws/bin/ministack",
        retries=RETRIES,
        retry_delay=0.05,
    )
    running = LocalAws(options)
    running.start()
    thread = threading.Thread(target=running.serve)
    thread.start()
    with contextlib.ExitStack() as stack:
        stack.callback(running.close)
        stack.callback(thread.join)
        stack.callback(running.shutdown)
        made = Aws(options.public_url)
        made.set_up()
        yield made


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def eventually(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.05)
    pytest.fail(f"nothing came within {SECONDS} s")


def test_what_waited_out_an_outage_is_replayed_once_and_for_all(
    aws: Aws, start_services: Callable[[str], Any], replay: Callable[[str], str], tmp_path: Path
) -> None:
    stack = start_services(f"sqlite:///{tmp_path / 'clinic_mail.db'}")
    stack.sns, stack.workers = SimpleNamespace(origin=aws.origin), "1"
    config_url = stack.start_config_service()
    webhook_url = stack.start_webhook_service(config_url) + "/api/v1/webhooks/ses"
    aws.subscribe(webhook_url)
    assert stack.terminate(stack.processes[0]) == 0

    published = {aws.publish(bounce(number)) for number in range(MESSAGES)}
    eventually(lambda: aws.dead_lettered() == published)
    stack.start_config_service(int(config_url.rpartition(":")[2]))
    assert recorded(tmp_path) == set()
    first, second = (replay(webhook_url) for _ in range(2))

    assert f"replayed {MESSAGES}: {MESSAGES} held; 0 left in the queue\n" in first
    assert "replayed 0: none taken; 0 left in the queue\n" in second
    assert recorded(tmp_path) == published


def bounce(number: int) -> str:
    return ses_event("Bounce", "noreply@nobody.example", f"p{number}@mail.example", BASE, f"mail-{number}")


@pytest.fixture
def replay(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[str], str]]:
    """Return what runs the command, with a database that it has no business with."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.origin)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setattr(dead_letter_queue, "WAIT", 0)
    logger = logging.getLogger()
    before = logger.level, logger.handlers[:]

    def run(webhook_url: str) -> str:
        assert main(["replay", "--queue", aws.queue, "--webhook", webhook_url]) == 0
        return capsys.readouterr().out

    yield run
    logger.level, logger.handlers[:] = before


def recorded(var: Path) -> set[str]:
    """Return SNS's ids of all messages that are in the database; one that is there twice is an error."""
    connection = sqlite3.connect(var / "clinic_mail.db")
    rows = connection.execute("SELECT sns_message_id FROM held_events").fetchall()
    connection.close()
    assert len(rows) == len(set(rows))
    return {name for (name,) in rows}
