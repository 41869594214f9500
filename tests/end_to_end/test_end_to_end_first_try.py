"""What the README and `make run` promise a newcomer, played as it stands there."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SECONDS = 60
GUIDES_SES = {
    "region": "us-east-1",
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "fromEmail": "noreply@clinic-domain.com",
    "fromName": "My Clinic",
    "enabled": True,
}
# Enough of curl for a machine without it.
CURL = """
import argparse, requests
parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("-s", action="store_true")
parser.add_argument("-X", default="GET")
parser.add_argument("-H", action="append")
parser.add_argument("-d")
given = parser.parse_args()
headers = dict(header.split(": ") for header in given.H)
print(requests.request(given.X, given.url, headers=headers, data=given.d, timeout=20).text)
"""

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]


@dataclass
class Run:
    """`make run` as its user sees it."""

    process: subprocess.Popen[str]
    directory: Path
    printed: str

    @property
    def url(self) -> str:
        return self._printed(r"^config_service +(http://\S+)")

    @property
    def token(self) -> str:
        return self._printed(r"^export TOKEN=(\S+)$")

    def _printed(self, pattern: str) -> str:
        found = re.search(pattern, self.printed, re.MULTILINE)
        assert found is not None, self.printed
        return found[1]

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.url}/api/v1/clinics/{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=20)

    def outcome(self, clinic: str, test_id: str, wanted: str) -> dict[str, Any]:
        """Return the test email once it is what is wanted."""

        def reached() -> dict[str, Any] | None:
            found = self.call("GET", f"{clinic}/communication/test-email/{test_id}").json()
            return found if found["status"] == wanted else None

        return _eventually(reached)

    def bash(self, script: str, **variables: str) -> list[dict[str, Any]]:
        """Run a piece of the README and return the JSON documents that it prints."""
        environment = os.environ | {"TOKEN": self.token} | variables
        if shutil.which("curl") is None:
            curl = self.directory / "curl"
            curl.write_text(f"#!{sys.executable}\n{CURL}")
            curl.chmod(0o755)
            environment["PATH"] = f"{self.directory}{os.pathsep}{environment['PATH']}"
        ran = subprocess.run(
            ["bash", "-c", script.replace("http://127.0.0.1:8001", self.url)],
            env=environment, check=True, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert ran.stderr == ""
        return list(_documents(ran.stdout))

    def python(self, snippet: str) -> str:
        """Run a piece of the README where `var/` is this run's, and return what it prints."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV_"))},
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": str(ROOT),
        }
        code = snippet.replace("http://127.0.0.1:8001", self.url)
        ran = subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.directory, env=environment, check=False, capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    command = [sys.executable, str(ROOT / "scripts" / "run.py"), "--free-ports", "--var", "var"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    with subprocess.Popen(
        command,
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            printed = ""
            while "/suppressions" not in printed:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            yield Run(process, tmp_path, printed)
        finally:
            process.send_signal(signal.SIGTERM)  # it stops its children, which are in sessions of their own
            process.wait(SECONDS)


def test_what_a_newcomer_tries_first_works_as_it_stands(run: Run) -> None:
    _play_the_guide(run)
    _play_the_readme(run)
    _play_what_was_printed(run)
    client, services = _blocks("python")
    assert run.python(f"{client}\nprint(providers[0]['provider'], checks[0].suppressed)") == (
        "aws_ses False\n"
    )
    assert "frontdesk@other-clinic.com" in run.python(services)
    _interrupt(run)


def _play_the_guide(run: Run) -> None:
    clinic = "clinic-of-the-guide/communication"
    ses = GUIDES_SES | {"fromEmail": "noreply@another-clinic-domain.com"}
    assert run.call("GET", f"{clinic}/config").status_code == 404
    configured = run.call("PUT", f"{clinic}/ses", ses)
    assert configured.json() == {"success": True, "message": "SES configuration updated successfully"}
    tested = run.call("POST", f"{clinic}/test-email", {"testEmail": "your-email@example.com"})
    assert tested.json()["success"], tested.text
    run.outcome("clinic-of-the-guide", tested.json()["testId"], "delivered")
    shown = run.call("GET", f"{clinic}/config").json()["config"]["email"]["primary"]
    assert shown["credentials"]["secretAccessKey"] == "********"


def _play_the_readme(run: Run) -> None:
    (block,) = _blocks("bash")
    before, after = block.split("TEST_ID=...\n")
    saved, tested = run.bash(before)
    assert saved["success"]
    run.outcome("clinic-123", tested["testId"], "bounced")
    clinic_line = block.splitlines()[0]
    became, checked = run.bash(f"{clinic_line}\n{after}", TEST_ID=tested["testId"])
    assert (became["status"], bool(became["reason"])) == ("bounced", True)
    assert checked["suppressed"]
    assert checked["reasons"]
    *_, again = run.bash(before)
    assert again["code"] == "recipient_suppressed"


def _play_what_was_printed(run: Run) -> None:
    saved, tested, listed = run.bash(run.printed[run.printed.index("curl ") :])
    assert (saved["success"], tested["success"], listed["success"]) == (True, True, True)
    run.outcome("clinic-123", tested["testId"], "bounced")


def _interrupt(run: Run) -> None:
    """Press Ctrl-C, and see that nothing is left behind."""
    children = psutil.Process(run.process.pid).children(recursive=True)
    assert {child.cwd() for child in children} == {
        str(run.directory / "var")
    }  # none reads the checkout's .env
    assert (run.directory / "var").stat().st_mode & 0o777 == 0o700
    os.killpg(run.process.pid, signal.SIGINT)
    rest, _ = run.process.communicate(timeout=SECONDS)
    assert run.process.returncode == 0
    assert rest.endswith("stopping ...\nstopped\n")
    assert children
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    with pytest.raises(ProcessLookupError):
        os.killpg(run.process.pid, 0)


@pytest.fixture
def local_stack(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return __import__("stack")


def test_a_port_in_use_is_named_with_what_wants_it(local_stack: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stack = local_stack.Stack(tmp_path, *[_free_port() for _ in range(2)], port)
        with pytest.raises(local_stack.StackError) as refusal:
            stack.prepare()
    wanted = f"Port {port} (local AWS) is in use, perhaps by another make run: stop that first."
    assert str(refusal.value) == wanted


def test_a_token_that_cannot_be_made_says_why(
    local_stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JWT_SECRET", "short")
    with pytest.raises(local_stack.StackError, match="No token could be made: JWT_SECRET"):
        local_stack.Stack(tmp_path).token()


def test_a_process_that_ends_shows_the_last_lines_of_its_log(
    local_stack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEP_SECONDS", "never")
    stack = local_stack.Stack(tmp_path, config_port=_free_port())
    with pytest.raises(local_stack.StackError) as refusal:
        stack.start_config_service()
    assert "config_service ended with exit code" in str(refusal.value)
    assert "SWEEP_SECONDS is 'never'" in str(refusal.value)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def _documents(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    while text := text.lstrip():
        document, end = decoder.raw_decode(text)
        yield document
        text = text[end:]


def _eventually(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.05)
    pytest.fail(f"nothing came within {SECONDS} s")
