"""SIGTERM lets both services answer what they have begun, and turns everybody else away."""

import json
import socket
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from ses_messages import ses_event
from waiting import await_that

BASE = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECONDS = 20
TOGETHER = 5  # requests in flight: more than a worker process of its own for each
CONNECTIONS = Path("/proc/net/tcp")

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not CONNECTIONS.exists(), reason="Linux tells there what a process has read"),
]


class Begun:
    """A request whose end is still to come, and whose beginning the server has read."""

    def __init__(self, url: str, method: str, document: Any, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        body = json.dumps(document).encode()
        fields = {"Host": parts.netloc, "Content-Length": str(len(body)), **headers}
        lines = [f"{method} {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        self._rest = body[len(body) // 2 :]
        assert parts.port
        self._socket = socket.create_connection(("127.0.0.1", parts.port), timeout=SECONDS)
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + body[: len(body) // 2])
        await_that(lambda: _unread(parts.port, self._socket.getsockname()[1]) == 0)

    def finish(self) -> tuple[int, Any]:
        """Send the rest, and return status and document."""
        with closing(self._socket):
            self._socket.sendall(self._rest)
            answer = HTTPResponse(self._socket)
            answer.begin()
            return answer.status, json.loads(answer.read())


def _unread(port: int | None, by: int) -> int | None:
    """Return how many bytes of a connection its server has not read yet; None before it is accepted."""
    for line in CONNECTIONS.read_text().splitlines()[1:]:
        _, local, remote, _, queues, _, _, _, _, inode, *_ = line.split()
        if (int(local.split(":")[1], 16), int(remote.split(":")[1], 16)) == (port, by):
            return int(queues.split(":")[1], 16) if inode != "0" else None
    return None


def is_refused(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it came in the moment in which the service stops listening
        return False
    return False


def test_what_was_begun_is_answered_and_what_comes_then_is_refused(
    start_services: Callable[[str], Any], tmp_path: Path
) -> None:
    stack = start_services(f"sqlite:///{tmp_path / 'clinic_mail.db'}")
    stack.workers = "1"
    config = stack.start_config_service()
    webhook = stack.start_webhook_service(config)
    token = stack.token()
    ses = {"region": "us-east-1", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "secret"}

    messages = [
        Begun(
            f"{webhook}/api/v1/webhooks/ses",
            "POST",
            stack.sns.notification(
                ses_event("Bounce", "a@nobody.example", "p@mail.example", BASE, f"mail-{n}")
            ),
            {"Content-Type": "text/plain; charset=UTF-8"},
        )
        for n in range(TOGETHER)
    ]
    with requests.Session() as idle:  # as load balancers keep connections
        assert idle.get(f"{webhook}/healthz", timeout=SECONDS).ok
        assert [status for status, _ in _drain(stack, 1, webhook, messages)] == [200] * TOGETHER
    saves = [
        Begun(
            f"{config}/api/v1/clinics/c{n}/communication/ses",
            "PUT",
            ses | {"fromEmail": f"noreply@c{n}.example"},
            {"Content-Type": "application/json", **token},
        )
        for n in range(TOGETHER)
    ]
    with requests.Session() as idle:
        assert idle.get(f"{config}/healthz", timeout=SECONDS).ok
        assert [status for status, _ in _drain(stack, 0, config, saves)] == [200] * TOGETHER
    assert "graceful timeout" not in stack.logs()


def _drain(stack: Any, place: int, url: str, begun: list[Begun]) -> list[tuple[int, Any]]:
    process = stack.processes.pop(place)
    process.terminate()
    await_that(lambda: is_refused(url))
    assert process.poll() is None
    answers = [request.finish() for request in begun]
    assert process.wait(SECONDS + 10) == 0
    return answers
