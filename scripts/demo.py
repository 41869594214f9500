"""The main job, played end to end on real processes, real signatures and a local AWS: `make demo`."""

import json
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from stack import REGION, Stack, StackError, free_port, wait_for

CLINIC = "clinic-123"
CLINIC_ADDRESS = "noreply@clinic-domain.com"
OTHER = "clinic-456"
OTHER_ADDRESS = "frontdesk@other-clinic.com"
FOREIGN_TOPIC = f"arn:aws:sns:{REGION}:999999999999:somebody-elses"


class Demo:
    """The steps, in order; each checks what it says."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.started = time.monotonic()
        self.steps = 0
        self.headers: dict[str, str] = {}

    def play(self) -> None:
        for act in (
            self.bring_up, self.subscribe, self.configure, self.deliver, self.bounce_v1, self.refuse_next,
            self.bounce_v2, self.complain, self.hold, self.refuse_forgeries, self.survive_a_kill,
        ):  # fmt: skip
            act()

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        self.steps += 1
        begun = time.monotonic()
        said: list[str] = []
        yield said.append
        print(f"{self.steps:2}. {title}  ({time.monotonic() - begun:.2f} s)")
        for line in said:
            print(f"      {line}")

    def bring_up(self) -> None:
        with self.step("The stack is up: local AWS, config_service, webhook_service") as say:
            self.stack.start()
            self.headers = {"Authorization": f"Bearer {self.stack.token()}"}
            say(f"topic {self.stack.topic_arn}")

    def subscribe(self) -> None:
        with self.step("The webhook's subscription was confirmed by SNS's own handshake") as say:
            say(self.stack.subscribe())

    def configure(self) -> None:
        with self.step(f"{CLINIC} was given its own SES account; its secret is sealed") as say:
            self.set_up(CLINIC, CLINIC_ADDRESS)
            config = self.get(CLINIC, "config")["config"]
            shown = config["email"]["primary"]["credentials"]
            expect(shown["secretAccessKey"] == "********", shown)
            say(f"from {shown['fromEmail']}, key {shown['accessKeyId']}, secret {shown['secretAccessKey']}")

    def deliver(self) -> None:
        with self.step("A test email went out, and SES reported it delivered") as say:
            test = self.test_email("success@simulator.amazonses.com")
            outcome = self.outcome(test, "delivered")
            say(f"message {test['messageId']}: {outcome['status']} ({outcome['reason']})")

    def bounce_v1(self) -> None:
        with self.step("A bounce arrived, signed with version 1 (SHA1); its address is suppressed") as say:
            say(self.bounced("bounce@simulator.amazonses.com"))

    def bounce_v2(self) -> None:
        with self.step("A bounce arrived, signed with version 2 (SHA256); its address is suppressed") as say:
            self.stack.aws("sns").set_topic_attributes(
                TopicArn=self.stack.topic_arn, AttributeName="SignatureVersion", AttributeValue="2"
            )
            say(self.bounced("bounce+second@simulator.amazonses.com"))

    def bounced(self, address: str) -> str:
        outcome = self.outcome(self.test_email(address), "bounced")
        reasons = self.suppressed(address)
        return f"{address}: {reasons[0]['code']} since {reasons[0]['since']} ({outcome['reason']})"

    def refuse_next(self) -> None:
        with self.step("The next send to it was refused, with its reason, before SES was asked") as say:
            answer = self.post(
                CLINIC, "test-email", {"testEmail": "Mrs. B <BOUNCE@simulator.amazonses.com>"}, 409
            )
            expect(answer["code"] == "recipient_suppressed", answer)
            say(answer["message"])
            say(answer["hint"])

    def complain(self) -> None:
        with self.step("A complaint arrived; its address is suppressed") as say:
            address = "complaint@simulator.amazonses.com"
            self.outcome(self.test_email(address), "complained")
            say(f"{address}: {self.suppressed(address)[0]['hint']}")

    def hold(self) -> None:
        with self.step(
            "An event of an unknown sender was held, and applied once its clinic was saved"
        ) as say:
            patient = "jane.doe@patients.example"
            self.publish(bounce_of(OTHER_ADDRESS, patient))
            held = wait_for(lambda: self.held(OTHER_ADDRESS), "the held event")
            say(f"held: {held['kind']} from {held['source']} ({held['rule']})")
            self.set_up(OTHER, OTHER_ADDRESS)
            self.suppressed(patient, OTHER)
            expect(not self.held(OTHER_ADDRESS), "still held")
            say(f"{OTHER} was saved: applied, and {patient} is suppressed for it alone")

    def refuse_forgeries(self) -> None:
        with self.step("A forged and a foreign topic's message were refused") as say:
            message = bounce_of(CLINIC_ADDRESS, "victim@patients.example")
            signed = self.sign(self.stack.topic_arn, message)
            signed["envelope"]["Message"] = bounce_of(CLINIC_ADDRESS, "another.victim@patients.example")
            say(f"changed after signing: {self.deliver_by_hand(signed)}")
            foreign = self.sign(FOREIGN_TOPIC, message)
            say(f"well signed, from a topic that is not ours: {self.deliver_by_hand(foreign)}")
            expect(not self.check("victim@patients.example")["suppressed"], "a forgery was believed")

    def survive_a_kill(self) -> None:
        with self.step("config_service was killed; what came meanwhile was not lost") as say:
            patient = "john.doe@patients.example"
            self.stack.kill("config_service")
            message_id = self.publish(bounce_of(CLINIC_ADDRESS, patient))
            first = wait_for(lambda: self.refused_once(message_id), "the first try")
            say(f"while it was down, SNS got {first['lastStatusCode']} and kept the message")
            self.stack.start_config_service()
            self.suppressed(patient)
            final = wait_for(lambda: self.delivery(message_id, "delivered"), "the delivery")
            say(f"back again: delivered at try {final['attempts']}, and the address is suppressed")

    # What the steps are made of.

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


def main() -> int:
    """Play the demo on free ports and an empty database, and return 0 where all went as it says."""
    var = Path(tempfile.mkdtemp(prefix="clinic-mail-demo-"))
    stack = Stack(var, free_port(), free_port(), free_port(), free_port(), retry_delay=0.5, retries=30)
    demo = Demo(stack)
    try:
        demo.play()
    except StackError as error:
        print(f"\nThe demo stopped: {error}\nLogs are in {var}", file=sys.stderr)
        return 1
    finally:
        stack.stop()
    shutil.rmtree(var)
    print(f"\nAll {demo.steps} steps went as they say, in {time.monotonic() - demo.started:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
