"""What the demo's steps are made of: calls of the API and of the AWS stand-in, each checked."""

import json
import time
import uuid
from typing import Any

import requests
from processes import StackError, wait_for
from stack import REGION, Stack

CLINIC = "clinic-123"


class Calls:
    """Calls a running stack, as a SUPER_ADMIN once `headers` hold a token."""

    def __init__(self, stack: Stack) -> None:
        """Take the stack."""
        self.stack = stack
        self.headers: dict[str, str] = {}

    def set_up(self, clinic: str, address: str) -> None:
        self.stack.notify_about(address.partition("@")[2])
        body = {
            "region": REGION,
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "fromEmail": address,
            "fromName": "My Clinic",
            "enabled": True,
        }
        self.call("PUT", clinic, "ses", body)

    def test_email(self, address: str) -> dict[str, Any]:
        return self.post(CLINIC, "test-email", {"testEmail": address})

    def outcome(self, test: dict[str, Any], wanted: str) -> dict[str, Any]:
        def reached() -> dict[str, Any] | None:
            found = self.get(CLINIC, f"test-email/{test['testId']}")
            return found if found["status"] == wanted else None

        return wait_for(reached, f"the test email to be {wanted}")

    def suppressed(self, address: str, clinic: str = CLINIC) -> list[dict[str, Any]]:
        def reasons() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = self.check(address, clinic)["reasons"]
            return found

        return wait_for(reasons, f"{address} to be suppressed")

    def check(self, address: str, clinic: str = CLINIC) -> dict[str, Any]:
        return self.post(clinic, "suppressions/check", {"email": address})

    def held(self, source: str) -> dict[str, Any] | None:
        answer = requests.get(
            f"{self.stack.config_url}/api/v1/events/held", headers=self.headers, timeout=10
        ).json()
        return next((event for event in answer["events"] if event["source"] == source), None)

    def publish(self, message: str) -> str:
        body = {"topicArn": self.stack.topic_arn, "message": message}
        return str(
            requests.post(f"{self.stack.aws_url}/_local/publish", json=body, timeout=10).json()["messageId"]
        )

    def sign(self, topic: str, message: str) -> dict[str, Any]:
        body = {"topicArn": topic, "message": message, "signatureVersion": "2"}
        found: dict[str, Any] = requests.post(
            f"{self.stack.aws_url}/_local/sign", json=body, timeout=10
        ).json()
        return found

    def deliver_by_hand(self, signed: dict[str, Any]) -> str:
        url = f"{self.stack.webhook_url}/api/v1/webhooks/ses"
        answer = requests.post(url, json=signed["envelope"], headers=signed["headers"], timeout=20)
        expect(answer.status_code == 403, answer.text)
        return f"{answer.status_code} {answer.json()['code']}"

    def delivery(self, message_id: str, status: str) -> dict[str, Any] | None:
        found = requests.get(f"{self.stack.aws_url}/_local/deliveries", timeout=10).json()
        return next((d for d in found if d["messageId"] == message_id and d["status"] == status), None)

    def refused_once(self, message_id: str) -> dict[str, Any] | None:
        found = self.delivery(message_id, "retrying")
        return found if found and found["lastStatusCode"] else None

    def get(self, clinic: str, path: str) -> dict[str, Any]:
        return self.call("GET", clinic, path)

    def post(self, clinic: str, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        return self.call("POST", clinic, path, body, status)

    def call(
        self, method: str, clinic: str, path: str, body: dict[str, Any] | None = None, status: int = 200
    ) -> dict[str, Any]:
        url = f"{self.stack.config_url}/api/v1/clinics/{clinic}/communication/{path}"
        answer = requests.request(method, url, json=body, headers=self.headers, timeout=20)
        expect(answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()
        return found


def bounce_of(source: str, recipient: str) -> str:
    """Return what SES publishes when `recipient` has no mailbox."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    bounced = {
        "emailAddress": recipient,
        "action": "failed",
        "status": "5.1.1",
        "diagnosticCode": "smtp; 550 5.1.1 unknown",
    }
    return json.dumps(
        {
            "notificationType": "Bounce",
            "bounce": {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": [bounced],
                "timestamp": now,
                "feedbackId": str(uuid.uuid4()),
            },
            "mail": {
                "timestamp": now,
                "source": source,
                "messageId": str(uuid.uuid4()),
                "destination": [recipient],
            },
        }
    )


def expect(condition: object, found: object) -> None:
    """Stop the demo where something is not as it says."""
    if not condition:
        raise StackError(f"not as expected: {found}")
