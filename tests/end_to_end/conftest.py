"""Both services as real gunicorn processes; SNS is played by a key and a certificate of the test's own."""

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from config_service.services.principal import SUPER_ADMIN
from config_service.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
CERTIFICATE_PATH = "/SimpleNotificationService-0123456789abcdef.pem"
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Sns:
    """Signs as SNS does, and serves its certificate."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = self._certificate()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(pem)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def notification(self, message: str, version: str = "2", **changes: str) -> dict[str, str]:
        fields = {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": TOPIC,
            "Message": message,
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            **changes,
        }
        names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
        text = "".join(f"{name}\n{fields[name]}\n" for name in names)
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), algorithm)
        return {
            **fields,
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": self.origin + CERTIFICATE_PATH,
        }

    def _certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
        )
        builder = (
            builder.serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass
class Services:
    """Processes of both services, started as the README's commands start them."""

    var: Path
    database_url: str
    sns: Sns
    log_level: str = "DEBUG"
    workers: str = "2"
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    config_urls: list[str] = field(default_factory=list)
    webhook_urls: list[str] = field(default_factory=list)

    def start_config_service(self, port: int | None = None) -> str:
        self.config_urls.append(self._start("config_service", {}, port))
        return self.config_urls[-1]

    def start_webhook_service(self, config_url: str) -> str:
        self.webhook_urls.append(self._start("webhook_service", {"CONFIG_SERVICE_URL": config_url}))
        return self.webhook_urls[-1]

    def token(self) -> dict[str, str]:
        """Return a super admin's header, by the secret that config_service made."""
        secret = read_settings({"VAR_DIR": str(self.var)}).jwt.secret
        claims = {"sub": "somebody", "role": SUPER_ADMIN, "exp": int(time.time()) + 600}
        return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"}

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            process.wait(30)

    def terminate(self, process: subprocess.Popen[bytes]) -> int:
        process.terminate()
        self.processes.remove(process)
        return process.wait(30)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        self.processes.remove(process)

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in self.var.glob("*.log"))

    def _start(self, package: str, more: dict[str, str], port: int | None = None) -> str:
        port = port or free_port()
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        command = [gunicorn, "-c", str(ROOT / package / "gunicorn.conf.py"), "-b", f"127.0.0.1:{port}"]
        with (self.var / f"{package}-{port}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment(more), stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(process)
        url = f"http://127.0.0.1:{port}"
        self._await(process, f"{url}/readyz")
        return url

    def _await(self, process: subprocess.Popen[bytes], url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, self.logs()
            try:
                if requests.get(url, timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise AssertionError(f"{url} did not become ready:\n{self.logs()}")

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV_"))},
            "APP_ENV": "development",
            "LOG_LEVEL": self.log_level,
            "WEB_CONCURRENCY": self.workers,
            "VAR_DIR": str(self.var),
            "DATABASE_URL": self.database_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SNS_TOPIC_ARN": TOPIC,
            "SNS_DEV_ORIGIN": self.sns.origin,
            **more,
        }


@pytest.fixture
def sns() -> Iterator[Sns]:
    made = Sns()
    yield made
    made.close()


@pytest.fixture(scope="module")
def sqlite_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """Return one of each service, with two workers, for all tests of a module that leave it running."""
    directory, sns = tmp_path_factory.mktemp("stack"), Sns()
    stack = Services(directory, f"sqlite:///{directory / 'clinic_mail.db'}", sns)
    stack.start_webhook_service(stack.start_config_service())
    yield stack
    stack.stop()
    sns.close()


@pytest.fixture
def start_services(tmp_path: Path, sns: Sns) -> Iterator[Callable[[str], Services]]:
    """Return what makes an empty stack over a database."""
    stacks: list[Services] = []

    def make(database_url: str) -> Services:
        stacks.append(Services(tmp_path, database_url, sns))
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.stop()
