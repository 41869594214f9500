"""From an empty AWS account to a confirmed loop, and all that may break it: `make demo-setup`."""

import os
import shutil
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from processes import StackError, free_port
from stack import ROOT, Stack

from breakages.breakage import Breakage
from breakages.every import EVERY_BREAKAGE
from breakages.loop import CLINIC, Loop, UnexpectedAnswerError
from breakages.setting_up import CREATE_IDENTITY, PROBE, SET_UP, SHOW_RECORDS, policed
from breakages.terminal import CommandError
from breakages.trial import Trial, play, troubles

LABEL, WIDTH = 9, 95  # columns


class DemoSetup:
    """The steps, in order; each checks what it says."""

    def __init__(self, stack: Stack) -> None:
        """Take a stack that is not up yet."""
        self.stack = stack
        self.loop = Loop("", "", "", "", lambda: None, lambda: None)
        self.started = time.monotonic()
        self.steps = 0
        self.wrong = 0

    def play(self) -> None:
        """Play everything."""
        for act in (
            self.bring_up, self.save_settings, self.make_identity, self.set_up, self.set_up_again,
            self.probe, self.examine,
        ):  # fmt: skip
            act()
        print(f"\nNow {len(EVERY_BREAKAGE)} breakages, one by one: made, named by the doctor, repaired.\n")
        begun = time.monotonic()
        for breakage in EVERY_BREAKAGE:
            self.break_and_repair(breakage)
        print(f"\nThe breakages took {time.monotonic() - begun:.1f} s.\n")
        self.probe()

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        begun = time.monotonic()
        said: list[str] = []
        yield said.append
        self.show(title, begun, said)

    def show(self, title: str, begun: float, said: Iterable[str]) -> None:
        self.steps += 1
        print(f"{self.steps:2}. {title}  ({time.monotonic() - begun:.2f} s)")
        for line in said:
            print(f"      {line}")
        sys.stdout.flush()

    def bring_up(self) -> None:
        with self.step("The stack is up; AWS is empty: no topic, no identity, no configuration set") as say:
            self.stack.start()
            os.environ.update(self.stack.environment())
            os.chdir(self.stack.var)  # commands read `.env` where they start, and none is there
            self.loop = Loop(
                self.stack.config_url,
                self.stack.webhook_url,
                self.stack.aws_url,
                self.stack.topic_arn,
                stop_webhook=lambda: self.stack.processes.kill("webhook_service"),
                start_webhook=self.stack.start_webhook_service,
            )
            expect_nothing(self.loop)
            say(f"the topic will be {self.stack.topic_arn}")

    def save_settings(self) -> None:
        with self.step(f"{CLINIC} was given its SES settings; the doctor says what is missing") as say:
            self.loop.settings()
            for check in troubles(self.loop):
                say(f"{check['status']:<8} {check['id']}: {check['seen']}")

    def make_identity(self) -> None:
        with self.step(
            "The sender's domain was made an identity, and its records pasted into the DNS"
        ) as say:
            say(f"$ {self.loop.terminal.run(CREATE_IDENTITY)}")
            say(f"$ {SHOW_RECORDS}")
            for line in policed(self.loop):
                say(f"  {line}")

    def set_up(self) -> None:
        with self.step("The set-up made the rest, and the webhook confirmed its subscription") as say:
            self.type(SET_UP, say)

    def set_up_again(self) -> None:
        with self.step("Run again, it changes nothing") as say:
            printed = self.type(SET_UP, say, only="Done")
            if "nothing had to be changed" not in printed:
                raise StackError(f"the second run changed something:\n{printed}")

    def probe(self) -> None:
        with self.step("The probe is green: three mails out, their events in, nothing left behind") as say:
            self.type(PROBE, say)

    def examine(self) -> None:
        with self.step("The doctor finds nothing to complain of") as say:
            checks = self.loop.health()
            if found := [check for check in checks if check["status"] != "pass"]:
                raise StackError(f"the doctor complains: {found}")
            say(f"{len(checks)} checks pass")

    def break_and_repair(self, breakage: Breakage) -> None:
        begun = time.monotonic()
        trial = play(breakage, self.loop)
        ended = "WRONG" if trial.complaints else "named, repaired, green again"
        self.show(f"{breakage.title}: {ended}", begun, told(trial))
        self.wrong += bool(trial.complaints)

    def type(self, command: str, say: Callable[[str], None], only: str = "") -> str:
        """Run a command, say what it printed, or only the lines that begin so, and return all of it."""
        printed = self.loop.terminal.output_of(command)
        say(f"$ {self.loop.terminal.filled(command)}")
        for line in printed.splitlines():
            if line.startswith(only):
                say(f"  {line}")
        return printed


def told(trial: Trial) -> Iterator[str]:
    """Yield a breakage's lines: what the doctor saw and advised, and what mended it."""
    named, command = trial.named, trial.named["command"]
    yield from folded("doctor", f"{named['status']}, {named['id']}: {named['seen']}")
    yield from folded("remedy", f"{named['code']}: {named['remedy']}")
    if command:
        yield f"{'':{LABEL}}> {command}"
    yield f"{'repair':<{LABEL}}{'by that very command' if trial.repair == f'$ {command}' else trial.repair}"
    for complaint in trial.complaints:
        yield from folded("WRONG", complaint)


def folded(label: str, text: str) -> Iterator[str]:
    """Yield a labelled text in lines that fit a terminal."""
    lines = textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
    for place, line in enumerate(lines):
        yield f"{label if place == 0 else '':<{LABEL}}{line}"


def expect_nothing(loop: Loop) -> None:
    """Raise StackError where somebody has set something up already."""
    topics = loop.aws("sns").list_topics().get("Topics", [])
    identities = loop.aws("sesv2").list_email_identities()["EmailIdentities"]
    if topics or identities:
        raise StackError(f"AWS is not empty: {topics}, {identities}")


def main() -> int:
    """Play the demo on free ports and an empty database, and return 0 where all went as it says."""
    var = Path(tempfile.mkdtemp(prefix="clinic-mail-demo-"))
    ports = (free_port() for _ in range(4))
    demo = DemoSetup(Stack(var, *ports, retry_delay=0.5, retries=30, empty=True))
    try:
        demo.play()
    except (StackError, CommandError, UnexpectedAnswerError, requests.RequestException) as error:
        print(f"\nThe demo stopped: {error}\nLogs are in {var}", file=sys.stderr)
        return 1
    finally:
        demo.stack.processes.stop()
    took = time.monotonic() - demo.started
    if demo.wrong:
        print(f"\n{demo.wrong} of {demo.steps} steps went otherwise, in {took:.1f} s. Logs are in {var}")
        return 1
    os.chdir(ROOT)
    shutil.rmtree(var)
    print(f"\nAll {demo.steps} steps went as they say, in {took:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
