"""Applications under gunicorn that are measured beside ours, in a temporary directory of their own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from benchmarks.load import BenchmarkError
from scripts.processes import Processes, free_port

ROOT = Path(__file__).resolve().parent.parent
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
PLAIN = ("-k", "sync", "-w", "2")  # what gunicorn's and Django's documentation begin with

_READ_CONFIGURATION = """
import json, runpy, sys
values = runpy.run_path(sys.argv[1])
names = ("worker_class", "workers", "threads", "worker_connections", "keepalive")
print(json.dumps({name: values[name] for name in names if name in values}))
"""
_FLAGS = {
    "worker_class": "-k",
    "workers": "-w",
    "threads": "--threads",
    "worker_connections": "--worker-connections",
    "keepalive": "--keep-alive",
}


@dataclass
class GunicornServers:
    """Processes by name, and where each is reached."""

    directory: Path = field(init=False)
    processes: Processes = field(init=False)

    def __enter__(self) -> Self:
        """Make the directory."""
        self.directory = Path(tempfile.mkdtemp(prefix="clinic-mail-bench-"))
        self.processes = Processes(self.directory)
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """End the processes and remove the directory."""
        try:
            self.processes.stop()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def serve(
        self,
        application: str,
        workers: tuple[str, ...],
        more: dict[str, str],
        python: Path = Path(sys.executable),
    ) -> str:
        """Start `application` with the flags `workers` and return its URL once it is ready."""
        port = free_port()
        gunicorn = [str(python.with_name("gunicorn")), "--no-control-socket", "-b", f"127.0.0.1:{port}"]
        name = application.partition(":")[0].rpartition(".")[2]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **more}
        self.processes.spawn(name, [*gunicorn, *workers, application], environment)
        self.processes.await_ready(name, f"http://127.0.0.1:{port}/readyz")
        return f"http://127.0.0.1:{port}/"

    def worker_pids(self) -> dict[str, list[int]]:
        """Return the process ids of each server's workers."""
        running = self.processes.running.items()
        return {name: [child.pid for child in psutil.Process(each.pid).children()] for name, each in running}


def workers_like(service: str) -> tuple[str, ...]:
    """Return gunicorn's flags for the same workers as `service` has by default."""
    with tempfile.TemporaryDirectory() as scratch:
        environment = {
            **{name: value for name, value in os.environ.items() if name != "WEB_CONCURRENCY"},
            "PYTHONPATH": str(ROOT),
            "PROMETHEUS_MULTIPROC_DIR": scratch,
            "INTERNAL_API_TOKEN": "unused",
        }
        command = [sys.executable, "-c", _READ_CONFIGURATION, str(ROOT / service / "gunicorn.conf.py")]
        run = subprocess.run(
            command, cwd=scratch, env=environment, check=False, capture_output=True, text=True
        )
    if run.returncode:
        raise BenchmarkError(f"{service}/gunicorn.conf.py cannot be read: {run.stderr.strip()[-300:]}")
    values = json.loads(run.stdout)
    return tuple(part for name, value in values.items() for part in (_FLAGS[name], str(value)))


def require_peers() -> None:
    """Raise BenchmarkError where the environment of the other projects is missing."""
    if not PEERS_PYTHON.exists():
        raise BenchmarkError("The other projects are not installed: make .venv-bench/.ready")
