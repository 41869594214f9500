"""The running stand-in as tests see it, and a tiny HTTP endpoint for SNS to deliver to."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from local_aws.options import Options

MINISTACK = Path(__file__).parents[2] / ".venv-aws/bin/ministack"
DEFAULT_TOPIC = "arn:aws:sns:us-east-1:123456789012:default"
DEADLINE_SECONDS = 10


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(found: Callable[[], Any]) -> Any:
    """Return the first true value of `found`; fail after a deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.01)
    pytest.fail(f"nothing came within {DEADLINE_SECONDS} s")


class Post:
    def __init__(self, headers: Any, body: bytes) -> None:
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.text = body.decode()
        self.kind = self.headers["x-amz-sns-message-type"]

    @property
    def envelope(self) -> dict[str, Any]:
        return json.loads(self.text)

    @property
    def message(self) -> dict[str, Any]:
        """The SES event inside a notification."""
        return json.loads(self.envelope["Message"])


class Receiver:
    """An HTTP endpoint; it answers with the scripted status codes, then with 200."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.script: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append(Post(self.headers, body))
                self.send_response(receiver.script.pop(0) if receiver.script else 200)
                self.end_headers()
                self.wfile.write(b"seen")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook?a=1&b=x%20y"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()

    def wait(self, count: int = 1, kind: str = "Notification") -> list[Post]:
        """Return the posts of one kind once there are at least `count`."""
        return eventually(lambda: found if len(found := self.of_kind(kind)) >= count else None)

    def wait_for(self, wanted: Callable[[Post], bool]) -> Post:
        return eventually(lambda: next((post for post in self.posts if wanted(post)), None))

    def of_kind(self, kind: str) -> list[Post]:
        return [post for post in self.posts if post.kind == kind]

    def events(self) -> list[dict[str, Any]]:
        """The SES events received so far, without SES's notices about the topic itself."""
        messages = (post.envelope["Message"] for post in self.of_kind("Notification"))
        found = (json.loads(message) for message in messages if message.startswith("{"))
        return [event for event in found if "mail" in event]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Stack:
    """The running stand-in as its users see it: an origin and boto3 clients."""

    def __init__(self, options: Options) -> None:
        self.origin = options.public_url
        self.ministack_url = options.ministack_url
        self._clients: dict[Any, Any] = {}

    def client(self, service: str, region: str = "us-east-1", account: str = "123456789012") -> Any:
        key = (service, region, account)
        if key not in self._clients:
            self._clients[key] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.origin,
                aws_access_key_id=account,
                aws_secret_access_key="any",
            )
        return self._clients[key]

    def topic(self, region: str = "us-east-1", **attributes: str) -> str:
        name = f"topic-{uuid.uuid4().hex[:8]}"
        return self.client("sns", region).create_topic(Name=name, Attributes=attributes)["TopicArn"]

    def subscribe(self, topic: str, receiver: Receiver, region: str = "us-east-1", **attributes: str) -> str:
        """Subscribe, confirm as a real endpoint would, and return the subscription's ARN."""
        before = len(receiver.of_kind("SubscriptionConfirmation"))
        self.client("sns", region).subscribe(
            TopicArn=topic, Protocol="http", Endpoint=receiver.url, Attributes=attributes
        )
        asked = receiver.wait(before + 1, "SubscriptionConfirmation")[-1]
        answer = requests.get(asked.envelope["SubscribeURL"], timeout=5)
        assert answer.status_code == 200
        listed = self.client("sns", region).list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        return next(item["SubscriptionArn"] for item in listed if item["Endpoint"] == receiver.url)

    def post(self, control: str, document: Any) -> requests.Response:
        return requests.post(f"{self.origin}/_local/{control}", json=document, timeout=5)

    def publish(self, topic: str, **fields: Any) -> str:
        answer = self.post("publish", {"topicArn": topic, "message": "hello"} | fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["messageId"]

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the journal of all deliveries."""
        return list(requests.get(f"{self.origin}/_local/deliveries", timeout=5).json())

    def delivery(self, message_id: str, *statuses: str) -> dict[str, Any]:
        """Return the journal's entry of a message once it has one of the statuses."""

        def find() -> Any:
            mine = (e for e in self.deliveries() if e["messageId"] == message_id and e["status"] in statuses)
            return next(mine, None)

        return eventually(find)
