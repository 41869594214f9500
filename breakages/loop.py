"""A running feedback loop as its people see it: AWS, the DNS, the clinic's settings, and the doctor."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
import requests

from breakages.terminal import Terminal

REGION = "us-east-1"
ACCOUNT = "000000000000"  # whose every key is that the stand-in does not know
CLINIC = "clinic-123"
DOMAIN = "clinic-domain.com"
SENDER = f"noreply@{DOMAIN}"
SET = "transactional"
WEBHOOK_PATH = "/api/v1/webhooks/ses"
_OF_WEBHOOK = ("https://your-domain", "http://webhook-service:8002")  # as remedies write it

_numbers = itertools.count(1)


class UnexpectedAnswerError(Exception):
    """A service or the stand-in answered as nobody expected."""


@dataclass
class Loop:
    """Where everything is; `stop_webhook` and `start_webhook` end webhook_service and bring it back."""

    config_url: str
    webhook_url: str
    aws_url: str
    topic_arn: str
    stop_webhook: Callable[[], object]
    start_webhook: Callable[[], object]
    access_key: str = "AKIAIOSFODNN7EXAMPLE"
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        """The webhook as SNS is told of it."""
        return f"{self.webhook_url}{WEBHOOK_PATH}"

    @cached_property
    def terminal(self) -> Terminal:
        """Where commands are typed; `your-domain` and its like stand for the webhook."""
        return Terminal(dict.fromkeys(_OF_WEBHOOK, self.webhook_url), self.aws)

    def aws(self, service: str, region: str = REGION) -> Any:
        """Return a boto3 client of the account that platform and clinic share here."""
        key = (service, region)
        if key not in self._clients:
            self._clients[key] = boto3.client(  # type: ignore[call-overload]
                service,
                endpoint_url=self.aws_url,
                region_name=region,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="any",  # noqa: S106 - the stand-in takes any
            )
        return self._clients[key]

    def say(self, control: str, **document: Any) -> None:
        """Change the world by a control of the stand-in; raise UnexpectedAnswerError."""
        _expect(requests.post(f"{self.aws_url}/_local/{control}", json=document, timeout=10))

    def settings(self, clinic: str = CLINIC, **changes: Any) -> None:
        """Save a clinic's SES settings, as they should be but for `changes`."""
        body = {
            "region": REGION,
            "accessKeyId": self.access_key,
            "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "fromEmail": SENDER,
            "fromName": "My Clinic",
            "configurationSetName": SET,
            "enabled": True,
        }
        _expect(self._call("PUT", clinic, "ses", body | changes))

    def new_key(self) -> None:
        """Make an access key, and save it in the clinic's settings."""
        self.access_key = f"AKIAEXAMPLE{next(_numbers):09d}"
        self.settings()

    def test_email(self, *, accepted: bool = True) -> None:
        """Send a test email, which SES accepts or refuses."""
        answer = self._call("POST", CLINIC, "test-email", {"testEmail": "success@simulator.amazonses.com"})
        if answer.ok != accepted:
            raise UnexpectedAnswerError(answer.text)

    def health(self) -> list[dict[str, Any]]:
        """Return every check of the doctor."""
        checks: list[dict[str, Any]] = _expect(self._call("GET", CLINIC, "health"))["checks"]
        return checks

    def _call(self, method: str, clinic: str, path: str, body: Any = None) -> requests.Response:
        url = f"{self.config_url}/api/v1/clinics/{clinic}/communication/{path}"
        return requests.request(method, url, json=body, headers=self._headers, timeout=20)

    @cached_property
    def _headers(self) -> dict[str, str]:
        token = self.terminal.output_of("python -m config_service token").strip()
        return {"Authorization": f"Bearer {token}"}


def _expect(answer: requests.Response) -> Any:
    if not answer.ok:
        raise UnexpectedAnswerError(
            f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
        )
    return answer.json()
