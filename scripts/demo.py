"""The main job, played end to end on real processes, real signatures and a local AWS: `make demo`."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from demo_calls import CLINIC, Calls, bounce_of, expect
from processes import StackError, free_port, wait_for
from stack import REGION, Stack

CLINIC_ADDRESS = "noreply@clinic-domain.com"
OTHER = "clinic-456"
OTHER_ADDRESS = "frontdesk@other-clinic.com"
FOREIGN_TOPIC = f"arn:aws:sns:{REGION}:999999999999:somebody-elses"


class Demo(Calls):
    """The steps, in order; each checks what it says."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack)
        self.started = time.monotonic()
        self.steps = 0

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
            self.stack.processes.kill("config_service")
            message_id = self.publish(bounce_of(CLINIC_ADDRESS, patient))
            first = wait_for(lambda: self.refused_once(message_id), "the first try")
            say(f"while it was down, SNS got {first['lastStatusCode']} and kept the message")
            self.stack.start_config_service()
            self.suppressed(patient)
            final = wait_for(lambda: self.delivery(message_id, "delivered"), "the delivery")
            say(f"back again: delivered at try {final['attempts']}, and the address is suppressed")


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
        stack.processes.stop()
    shutil.rmtree(var)
    print(f"\nAll {demo.steps} steps went as they say, in {time.monotonic() - demo.started:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
