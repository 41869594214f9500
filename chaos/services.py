"""Both services as an operator's supervisor runs them: what ends is started again at once."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import jwt
import psutil
import requests

from chaos.clinics import PLATFORM_ADDRESS, SHARED_TOPIC
from chaos.clock import Clock
from chaos.disk import PAGES_FILE
from chaos.sender import ROOT
from scripts.processes import Processes, free_port

CONFIG = "config_service"
WEBHOOK = "webhook_service"
NAMES = (CONFIG, WEBHOOK)

_INHERITED_NOT = ("AWS_", "COV_", "LOG_LEVEL", "WEB_CONCURRENCY", "PROMETHEUS_", "GUNICORN_", "CHAOS_")
_LOOK_EVERY = 0.02  # seconds
_BETWEEN_STARTS = 0.2  # seconds
_SWEEP_SECONDS = 2


class Services:
    """Processes, each at an address that outlives them."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        """Take where they run and log, and by which clock they go."""
        self._directory = directory
        self._clock = clock
        self._processes = Processes(directory)
        self._ports = {name: free_port() for name in NAMES}
        self._more: dict[str, dict[str, str]] = {}
        self._started: dict[str, float] = {}
        self._stopping = threading.Event()
        self._supervisor = threading.Thread(target=self._keep_up, name="supervisor", daemon=True)
        self.restarts = 0
        self.pages_file = directory / "pages"
        self.pages_file.touch()
        (directory / "tmp").mkdir()

    def address(self, name: str) -> tuple[str, int]:
        """Return where a service listens."""
        return "127.0.0.1", self._ports[name]

    def url(self, name: str) -> str:
        """Return the same as a URL."""
        return f"http://127.0.0.1:{self._ports[name]}"

    def start(self, name: str, more: dict[str, str]) -> None:
        """Start a service, with more settings, and wait until it is ready."""
        self._more[name] = more
        self._spawn(name)
        self._processes.await_ready(name, f"{self.url(name)}/readyz")

    def operators_environment(self) -> dict[str, str]:
        """Return what an operator's command runs with: config_service's settings, and the true time."""
        stepped = self._clock.environment()
        return {key: value for key, value in self._environment(CONFIG).items() if key not in stepped}

    def supervise(self) -> None:
        """From now on start what has ended, in a thread of its own."""
        self._supervisor.start()

    def ready(self) -> bool:
        """Whether events could be recorded now."""
        with suppress(requests.RequestException):
            return requests.get(f"{self.url(WEBHOOK)}/readyz", timeout=1).ok
        return False

    def master(self, name: str) -> int:
        """Return the process id of a service's master."""
        return self._processes.running[name].pid

    def workers(self, name: str) -> list[int]:
        """Return the process ids of its workers, none where it is just starting."""
        with suppress(psutil.NoSuchProcess):
            return sorted(child.pid for child in psutil.Process(self.master(name)).children())
        return []

    def kill_all(self, name: str) -> None:
        """Kill a service's master and workers at one blow."""
        with suppress(ProcessLookupError):
            os.killpg(self.master(name), signal.SIGKILL)

    def stop(self) -> None:
        """End them at once: all has been compared by now."""
        self._stopping.set()
        if self._supervisor.is_alive():
            self._supervisor.join()
        for name in list(self._processes.running):
            self._processes.kill(name)

    def session(self) -> requests.Session:
        """Return a session of a SUPER_ADMIN's."""
        claims = {"sub": "chaos", "role": "SUPER_ADMIN", "clinicIds": [], "exp": int(time.time()) + 43_200}
        secret = (self._directory / "jwt_secret").read_text().strip()
        session = requests.Session()
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {jwt.encode(claims, secret, algorithm='HS256')}"
        return session

    def _keep_up(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY):
            for name, process in list(self._processes.running.items()):
                if process.poll() is not None and time.monotonic() - self._started[name] > _BETWEEN_STARTS:
                    # As systemd and Docker do: a worker that outlives its master would keep the port.
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    self._spawn(name)
                    self.restarts += 1

    def _spawn(self, name: str) -> None:
        gunicorn = str(Path(sys.executable).with_name("gunicorn"))
        host, port = self.address(name)
        command = [gunicorn, "-c", str(ROOT / "chaos" / "gunicorn.conf.py"), "-b", f"{host}:{port}"]
        self._processes.spawn(name, command, self._environment(name))
        self._started[name] = time.monotonic()

    def _environment(self, name: str) -> dict[str, str]:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_INHERITED_NOT)}
        return {
            **inherited,
            **self._clock.environment(),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self._directory / "tmp"),
            "CHAOS_GUNICORN_CONFIGURATION": str(ROOT / name / "gunicorn.conf.py"),
            "APP_ENV": "development",
            "VAR_DIR": str(self._directory),
            "SWEEP_SECONDS": str(_SWEEP_SECONDS),
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": "AKIAPLATFORMEXAMPLE0",
            "AWS_SECRET_ACCESS_KEY": "platform-secret-of-this-run",
            "AWS_SES_FROM_EMAIL": PLATFORM_ADDRESS,
            "AWS_SNS_TOPIC_ARN": SHARED_TOPIC,
            **({PAGES_FILE: str(self.pages_file)} if name == CONFIG else {}),
            **self._more[name],
        }
