"""The local stack: the AWS stand-in and both services as real processes, on SQLite, for `demo` and `run`."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from processes import Processes, StackError, require_free, wait_for

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
TOPIC_NAME = "healthcare-ses-events"
PLATFORM_ADDRESS = "noreply@healthcare.com"
# The stand-in takes any keys; these stand for the platform's own.
PLATFORM_KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAPLATFORMEXAMPLE0",
    "AWS_SECRET_ACCESS_KEY": "platform-secret-of-the-stand-in",
}
PLATFORM_SENDER = {"AWS_SES_FROM_EMAIL": PLATFORM_ADDRESS, "AWS_SES_FROM_NAME": "Healthcare App"}
FEEDBACK = ("Bounce", "Complaint", "Delivery")


@dataclass
class Stack:
    """Processes and where they are reached; `var` holds the database, the secrets and the logs."""

    var: Path
    config_port: int = 8001
    webhook_port: int = 8002
    aws_port: int = 5055
    ministack_port: int = 14566
    retry_delay: float = 20.0
    retries: int = 3
    empty: bool = False  # whether AWS has nothing in it, not even the topic, for somebody who sets it up
    topic_arn: str = ""
    processes: Processes = field(init=False)

    def __post_init__(self) -> None:
        """Have the processes run in `var`: the services read `.env` where they start, and none is there."""
        self.processes = Processes(self.var)

    @property
    def config_url(self) -> str:
        """Where config_service is."""
        return f"http://127.0.0.1:{self.config_port}"

    @property
    def webhook_url(self) -> str:
        """Where webhook_service is."""
        return f"http://127.0.0.1:{self.webhook_port}"

    @property
    def aws_url(self) -> str:
        """Where the AWS stand-in is."""
        return f"http://127.0.0.1:{self.aws_port}"

    def start(self) -> None:
        """Bring everything up and wait until it is ready."""
        for step in self.steps():
            step()

    def steps(self) -> tuple[Callable[[], None], ...]:
        """Return what `start` does, for a caller that may want to stop in between."""
        return self.prepare, self.start_aws, self.start_config_service, self.start_webhook_service

    def prepare(self) -> None:
        """Make the directory, which only its owner may read, and see that the ports are free."""
        self.var.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_free(self.config_port, "config_service")
        require_free(self.webhook_port, "webhook_service")
        require_free(self.aws_port, "local AWS")
        require_free(self.ministack_port, "ministack")

    def start_aws(self) -> None:
        """Start the AWS stand-in and, unless it is to be empty, make the shared topic."""
        ports = ["--port", str(self.aws_port), "--ministack-port", str(self.ministack_port)]
        ministack = ["--ministack", str(ROOT / ".venv-aws" / "bin" / "ministack")]
        patience = ["--retries", str(self.retries), "--retry-delay", str(self.retry_delay)]
        self.topic_arn = f"arn:aws:sns:{REGION}:000000000000:{TOPIC_NAME}"
        topic = [] if self.empty else ["--default-topic", self.topic_arn]
        command = [sys.executable, "-m", "local_aws", *ports, *ministack, *patience, *topic]
        self.processes.spawn("local_aws", command, self._environment({}))
        self.processes.await_ready("local_aws", f"{self.aws_url}/_local/healthz")
        if not self.empty:
            self.aws("sns").create_topic(Name=TOPIC_NAME)

    def start_config_service(self) -> None:
        """Start config_service under gunicorn."""
        self._serve("config_service", self.config_port, PLATFORM_SENDER)
        self.processes.await_ready("config_service", f"{self.config_url}/readyz")

    def start_webhook_service(self) -> None:
        """Start webhook_service under gunicorn."""
        self._serve(
            "webhook_service",
            self.webhook_port,
            {"CONFIG_SERVICE_URL": self.config_url, "SNS_DEV_ORIGIN": self.aws_url},
        )
        self.processes.await_ready("webhook_service", f"{self.webhook_url}/readyz")

    def aws(self, service: str) -> Any:
        """Return a boto3 client of the stand-in."""
        return boto3.client(
            service,
            endpoint_url=self.aws_url,
            region_name=REGION,
            aws_access_key_id=PLATFORM_KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=PLATFORM_KEYS["AWS_SECRET_ACCESS_KEY"],
        )

    def notify_about(self, identity: str) -> None:
        """Have SES publish an identity's bounces, complaints and deliveries to the shared topic."""
        ses = self.aws("ses")
        ses.verify_domain_identity(Domain=identity)
        for kind in FEEDBACK:
            ses.set_identity_notification_topic(
                Identity=identity, NotificationType=kind, SnsTopic=self.topic_arn
            )

    def subscribe(self) -> str:
        """Subscribe webhook_service to the shared topic, wait for the handshake, and return the ARN."""
        sns = self.aws("sns")
        endpoint = f"{self.webhook_url}/api/v1/webhooks/ses"
        sns.subscribe(TopicArn=self.topic_arn, Protocol="http", Endpoint=endpoint)

        def confirmed() -> str | None:
            found = sns.list_subscriptions_by_topic(TopicArn=self.topic_arn)["Subscriptions"]
            return next(
                (s["SubscriptionArn"] for s in found if s["SubscriptionArn"].startswith("arn:")), None
            )

        return wait_for(confirmed, "the subscription's confirmation")

    def token(self, *arguments: str) -> str:
        """Return a bearer token, made by config_service's own command."""
        command = [sys.executable, "-m", "config_service", "token", *arguments]
        made = subprocess.run(
            command, cwd=self.var, env=self._environment({}), check=False, capture_output=True, text=True
        )
        if made.returncode:
            said = made.stderr.strip().splitlines() or [f"exit code {made.returncode}"]
            raise StackError(f"No token could be made: {said[-1]}")
        return made.stdout.strip()

    def environment(self) -> dict[str, str]:
        """Return the settings of both services and of config_service's commands."""
        return self._environment(PLATFORM_SENDER)

    def _serve(self, package: str, port: int, more: dict[str, str]) -> None:
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        configuration = str(ROOT / package / "gunicorn.conf.py")
        command = [gunicorn, "-c", configuration, "-b", f"127.0.0.1:{port}"]
        self.processes.spawn(package, command, self._environment(more))

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {
            **os.environ,
            **PLATFORM_KEYS,
            "PYTHONPATH": str(ROOT),
            "APP_ENV": "development",
            "VAR_DIR": str(self.var),
            "DATABASE_URL": f"sqlite:///{self.var / 'clinic_mail.db'}",
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_SNS_TOPIC_ARN": self.topic_arn,
            "DNS_RESOLVER": f"127.0.0.1:{self.aws_port}",
            **more,
        }
