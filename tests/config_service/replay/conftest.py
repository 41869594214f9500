"""A dead-letter queue in moto's SQS, and a webhook on 127.0.0.1 that answers what a test says."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from moto import mock_aws

from config_service.providers import dead_letter_queue
from config_service.providers.aws_session import new_session
from config_service.services import replay

TOPIC = "arn:aws:sns:us-east-1:123456789012:ses-events"
REGION = "us-east-1"


class Hook:
    """A webhook; `script` holds the answers to come, and after it everything is recorded."""

    def __init__(self) -> None:
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.script: list[tuple[int, Any, dict[str, str]]] = []
        self.when_posted = lambda: None
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
                hook.when_posted()
                recorded = (200, {"success": True, "result": "recorded"}, {})
                status, document, headers = hook.script.pop(0) if hook.script else recorded
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(document if isinstance(document, bytes) else json.dumps(document).encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/api/v1/webhooks/ses"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def answer(self, status: int, code: str, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.script.append((status, {"success": False, "code": code, "message": f"About {code}."}, named))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Queue:
    """The queue as SNS and a person with SQS's console see it."""

    def __init__(self) -> None:
        self._client = new_session().create_client("sqs", region_name=REGION)
        self.url: str = self._client.create_queue(QueueName="dead-letters")["QueueUrl"]

    def put(self, body: str | None = None, error_code: str = "503", **changes: str) -> str:
        """Have SNS give a message up, and return its MessageId."""
        envelope = {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": TOPIC,
            "Message": "a text",
            "Timestamp": "2026-01-31T12:00:00.000Z",
            "SignatureVersion": "2",
            "Signature": "c2lnbmF0dXJl",
            "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0a.pem",
            **changes,
        }
        reason = {"ErrorCode": {"DataType": "String", "StringValue": error_code}}
        self._client.send_message(
            QueueUrl=self.url,
            MessageBody=json.dumps(envelope, indent=2) if body is None else body,
            MessageAttributes=reason if error_code else {},
        )
        return envelope["MessageId"]

    def counts(self) -> tuple[int, int]:
        """Return how many messages can be received, and how many are hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])


@pytest.fixture
def hook() -> Iterator[Hook]:
    with closing(Hook()) as running:
        yield running


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(dead_letter_queue, "WAIT", 0)
    monkeypatch.setattr(replay, "PAUSE", 0)
    with mock_aws():
        yield Queue()
