"""Processes of the local stack: started, waited for, and ended in order."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import requests

START_SECONDS = 30
LAST_LINES = 5  # of a log, shown when its process fails

T = TypeVar("T")


class StackError(Exception):
    """The stack cannot be brought up; the text says what to do."""


@dataclass
class Processes:
    """Running processes by name; `directory` is where they run and log."""

    directory: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def spawn(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Start a process; it logs into a file of its name."""
        with self.log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                cwd=self.directory,  # not ROOT: the services read `.env` where they start
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches this program alone, which then stops them in order
            )

    def await_ready(self, name: str, url: str) -> None:
        """Return once `url` answers well; raise StackError, with the end of its log, where it does not."""

        def ready() -> bool:
            if (code := self.running[name].poll()) is not None:
                raise StackError(f"{name} ended with exit code {code}")
            with contextlib.suppress(requests.RequestException):
                return requests.get(url, timeout=5).ok
            return False

        try:
            wait_for(ready, name, START_SECONDS)
        except StackError as error:
            raise StackError(f"{error}{self._last_lines(name)}") from None

    def kill(self, name: str) -> None:
        """End a process and its workers at once, as a crash would."""
        process = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def require_alive(self) -> None:
        """Raise StackError where a process has ended by itself."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise StackError(f"{name} ended by itself{self._last_lines(name)}")

    def stop(self) -> None:
        """Let every process end in order, the newest first."""
        for process in reversed(self.running.values()):
            process.terminate()
        for process in reversed(self.running.values()):
            try:
                process.wait(25)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.running.clear()

    def log(self, name: str) -> Path:
        """Return where a process logs."""
        return self.directory / f"{name}.log"

    def _last_lines(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
        return "".join(f"\n  {line}" for line in [f"the last lines of {self.log(name)}:", *lines])


def wait_for(probe: Callable[[], T | None], what: str, seconds: float = 15) -> T:
    """Return what `probe` finds, as soon as it finds something; raise StackError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(0.05)
    raise StackError(f"waited {seconds:.0f} s in vain for {what}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(port: int, name: str) -> None:
    """Raise StackError where somebody listens on `port`, which `name` needs."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise StackError(
                f"Port {port} ({name}) is in use, perhaps by another make run: stop that first."
            ) from None
