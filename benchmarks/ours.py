"""Both services as `make run` starts them, without the AWS stand-in: the certificate comes from elsewhere.

with OurStack(origin) as stack:
    stack.start()  # SQLite, or stack.start("postgresql://...")
    run_wrk(stack.events_url, bodies, connections=32, seconds=5)
    stack.stop()  # everything under way has ended; the database is still there to be counted
"""

import os
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import jwt
import psutil
import requests

from benchmarks.ses_documents import CLINICS, TOPIC_ARN, clinic_address
from scripts.processes import Processes, free_port

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("config_service", "webhook_service")
_INHERITED_NOT = ("AWS_", "COV_", "LOG_LEVEL", "WEB_CONCURRENCY", "PROMETHEUS_", "GUNICORN_")


@dataclass
class OurStack:
    """Processes, their URLs and a temporary directory with the database, the secrets and the logs."""

    certificate_origin: str
    clinics: int = CLINICS
    more_environment: dict[str, str] = field(default_factory=dict)
    var: Path = field(init=False)
    database_url: str = field(init=False, default="")
    config_url: str = field(init=False, default="")
    webhook_url: str = field(init=False, default="")
    processes: Processes = field(init=False)
    ready_after: dict[str, float] = field(init=False, default_factory=dict)  # seconds, by service

    def __enter__(self) -> Self:
        """Make the directory."""
        self.var = Path(tempfile.mkdtemp(prefix="clinic-mail-bench-"))
        self.processes = Processes(self.var)
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """End the processes and remove the directory."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.var, ignore_errors=True)

    @property
    def events_url(self) -> str:
        """Where SNS posts."""
        return f"{self.webhook_url}/api/v1/webhooks/ses"

    @property
    def sqlite_file(self) -> Path:
        """Where the database is, unless `start` was given another."""
        return self.var / "clinic_mail.db"

    def start(self, database_url: str | None = None) -> None:
        """Start both services on `database_url` (default: an own SQLite file) and make the clinics."""
        self.database_url = database_url or f"sqlite:///{self.sqlite_file}"
        self.start_config_service()
        self.start_webhook_service()
        self.make_clinics()

    def start_config_service(self) -> None:
        """Start config_service and wait until it is ready."""
        self.config_url = self._serve("config_service", [], {})

    def start_webhook_service(self, application: str | None = None) -> None:
        """Start webhook_service, or another `application` under its configuration."""
        more = {"CONFIG_SERVICE_URL": self.config_url, "SNS_DEV_ORIGIN": self.certificate_origin}
        self.webhook_url = self._serve("webhook_service", [application] if application else [], more)

    def make_clinics(self) -> None:
        """Give every clinic its address by the API."""
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {self.token()}"

        def make(number: int) -> None:
            url = f"{self.config_url}/api/v1/clinics/clinic-{number}/communication/ses"
            session.put(url, json=_ses_account(number), timeout=20).raise_for_status()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(make, range(self.clinics)))

    def token(self) -> str:
        """Return a bearer token of a SUPER_ADMIN, signed like those of `python -m config_service token`."""
        claims = {
            "sub": "benchmark",
            "role": "SUPER_ADMIN",
            "clinicIds": [],
            "exp": int(time.time()) + 43_200,
        }
        return jwt.encode(claims, (self.var / "jwt_secret").read_text().strip(), algorithm="HS256")

    def worker_pids(self, service: str) -> list[int]:
        """Return the process ids of a service's workers."""
        return [child.pid for child in psutil.Process(self.processes.running[service].pid).children()]

    def log_text(self, service: str) -> str:
        """Return what a service has logged."""
        return self.processes.log(service).read_text(errors="replace")

    def stop(self) -> None:
        """Let both services end what they have begun; the directory stays."""
        self.processes.stop()

    def environment(self, more: dict[str, str]) -> dict[str, str]:
        """Return a service's environment: `make run`'s, with a certificate from elsewhere."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_INHERITED_NOT)}
        return {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "APP_ENV": "development",
            "VAR_DIR": str(self.var),
            "DATABASE_URL": self.database_url,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "AKIAPLATFORMEXAMPLE0",
            "AWS_SECRET_ACCESS_KEY": "platform-secret-of-the-benchmark",
            "AWS_SNS_TOPIC_ARN": TOPIC_ARN,
            "AWS_SES_FROM_EMAIL": "noreply@healthcare.com",
            **self.more_environment,
            **more,
        }

    def _serve(self, service: str, arguments: list[str], more: dict[str, str]) -> str:
        port = free_port()
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        configuration = str(ROOT / service / "gunicorn.conf.py")
        command = [gunicorn, "-c", configuration, "-b", f"127.0.0.1:{port}", *arguments]
        began = time.monotonic()
        self.processes.spawn(service, command, self.environment(more))
        url = f"http://127.0.0.1:{port}"
        self.processes.await_ready(service, f"{url}/readyz")
        self.ready_after[service] = time.monotonic() - began
        return url


def _ses_account(number: int) -> dict[str, object]:
    return {
        "region": "us-east-1",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "fromEmail": clinic_address(number),
        "enabled": True,
    }
