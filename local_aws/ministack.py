"""The ministack child process: started, awaited, and never left behind."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from local_aws.errors import StartError

_START_SECONDS = 20.0
_STOP_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1  # prctl(2)


class Ministack:
    """One ministack on the loopback interface; its state lives in memory and dies with it."""

    def __init__(self, executable: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._executable = executable
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it and return when it answers; raise StartError if it does not."""
        require_free_port("127.0.0.1", self._port, "--ministack-port")
        if not os.access(self._executable, os.X_OK):
            raise StartError(
                f"ministack not found at {self._executable}: run `make setup`, or pass --ministack PATH"
            )
        self._process = subprocess.Popen(  # noqa: S603 - the operator names the executable
            [str(self._executable)],
            env=_environment(self._port),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches only the parent, which then stops the child in order
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread runs yet
        )
        self._await_answer()

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _await_answer(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if requests.get(f"{self.url}/_ministack/health", timeout=1).ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.05)
        self.stop()
        raise StartError(f"ministack did not answer on port {self._port}: try {self._executable} by hand")


def require_free_port(host: str, port: int, option: str) -> None:
    """Raise StartError if something listens there already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(
                f"cannot listen on {host}:{port} ({error.strerror}): stop what uses it, or pass {option} PORT"
            ) from error


def _environment(port: int) -> dict[str, str]:
    """Return a small environment: no persistence, and no listeners but the gateway."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return inherited | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "LOG_LEVEL": "ERROR",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }


def _die_with_parent() -> None:
    """Ask Linux to kill the child when its parent is gone, even after `kill -9`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
