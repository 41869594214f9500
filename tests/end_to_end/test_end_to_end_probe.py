"""The probe through both services as real processes and an AWS that signs: the loop closed, and cut."""

import contextlib
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import requests

from config_service.__main__ import main
from local_aws.options import Options
from local_aws.server import LocalAws

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:healthcare-ses-events"
CLINIC = "clinic-1"

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@pytest.fixture
def origin() -> Iterator[str]:
    """Return the local AWS, in which senders need no verification and events go to the shared topic."""
    options = Options(
        port=free_port(),
        ministack_port=free_port(),
        ministack=ROOT / ".venv-aws/bin/ministack",
        event_delay=0.05,
        default_topic=TOPIC,
    )
    running = LocalAws(options)
    running.start()
    thread = threading.Thread(target=running.serve)
    thread.start()
    yield options.public_url
    running.shutdown()
    thread.join()
    running.close()


@dataclass
class Loop:
    """Both services, subscribed, and a clinic that sends by SES."""

    origin: str
    config_url: str
    token: dict[str, str]
    subscription: str

    def ask(self, method: str, rest: str, body: Any = None) -> Any:
        url = f"{self.config_url}/api/v1/clinics/{CLINIC}/communication/{rest}"
        return requests.request(method, url, json=body, headers=self.token, timeout=30)

    def cut(self) -> None:
        sns(self.origin).unsubscribe(SubscriptionArn=self.subscription)


def sns(origin: str) -> Any:
    keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "any"}
    return boto3.client("sns", region_name="us-east-1", endpoint_url=origin, **keys)


@pytest.fixture
def variables(origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return what the command's environment has beside the services'."""
    given = {
        "APP_ENV": "development",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'clinic_mail.db'}",
        "VAR_DIR": str(tmp_path),
        "AWS_SNS_TOPIC_ARN": TOPIC,
        "AWS_ENDPOINT_URL": origin,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return given


@pytest.fixture
def loop(
    origin: str,
    variables: dict[str, str],
    start_services: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Loop:
    stack = start_services(variables["DATABASE_URL"])
    stack.sns, stack.workers = SimpleNamespace(origin=origin), "1"
    usual = stack._environment
    monkeypatch.setattr(stack, "_environment", lambda more: {**usual(more), "AWS_ENDPOINT_URL": origin})
    config_url = stack.start_config_service()
    webhook = stack.start_webhook_service(config_url) + "/api/v1/webhooks/ses"
    client = sns(origin)
    client.create_topic(Name=TOPIC.rpartition(":")[2])
    client.subscribe(TopicArn=TOPIC, Protocol="http", Endpoint=webhook)
    confirmed = _eventually(
        lambda: [
            each["SubscriptionArn"]
            for each in client.list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
            if each["SubscriptionArn"].startswith("arn:")
        ]
    )
    made = Loop(origin, config_url, stack.token(), confirmed[0])
    keys = {"accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "s" * 40}
    ses = {"region": "us-east-1", **keys, "fromEmail": "noreply@probed.example", "fromName": "Probed"}
    assert made.ask("PUT", "ses", ses).status_code == 200
    return made


def _eventually(found: Callable[[], Any]) -> Any:
    patience = threading.Event()
    for _ in range(600):
        if value := found():
            return value
        patience.wait(0.05)
    pytest.fail("nothing came within 30 s")


def entries(tmp_path: Path) -> int:
    with contextlib.closing(sqlite3.connect(tmp_path / "clinic_mail.db")) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM suppressions").fetchone()[0])


def test_the_loop_is_followed_through_both_services_tidied_up_and_found_cut(
    loop: Loop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):  # it can run again
        code = main(["probe", "--clinic", CLINIC, "--wait", "30"])
        lines = capsys.readouterr().out.splitlines()
        assert (code, [line.split()[0] for line in lines]) == (
            0,
            ["success", "bounce", "complaint", "passed:"],
        )
        assert "-> Delivery event" in lines[0]
        assert lines[1].endswith("-> suppressed -> removed")
        assert entries(tmp_path) == 0

    started = loop.ask("POST", "probe", {})
    assert started.status_code == 202
    path = f"probe/{started.json()['probeId']}"
    passed = _eventually(lambda: (now := loop.ask("GET", path).json())["status"] == "passed" and now)
    assert [hop["name"] for hop in passed["mails"][2]["hops"]] == ["sent", "event", "recorded", "suppressed"]
    assert entries(tmp_path) == 2
    assert loop.ask("DELETE", path).json()["status"] == "passed"
    assert entries(tmp_path) == 0

    loop.cut()
    code = main(["probe", "--clinic", CLINIC, "--wait", "0"])
    out = capsys.readouterr().out
    assert (code, out.count("-> ?")) == (2, 3)
    assert f"python -m config_service doctor --clinic {CLINIC}" in out
