"""What a measurement was taken on: machine, versions, date and command."""

import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from benchmarks.gunicorn_servers import PEERS_PYTHON
from benchmarks.load import require_wrk

_OURS = ("flask", "gunicorn", "cryptography", "requests", "peewee", "psycopg")
_PEERS = ("django", "django-ses", "django-anymail", "gunicorn", "cryptography")
_ASK = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"


def description(postgres: str) -> dict[str, Any]:
    """Return everything that a reader needs to judge the numbers."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": "python -m " + " ".join(["benchmarks", *sys.argv[1:]]),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9),
            "system": f"{platform.system()} {platform.release()}",
            "fsync_ms": round(_fsync_ms(), 3),
            "load_before": os.getloadavg()[0],
        },
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "postgresql": postgres,
            "wrk": _wrk_version(),
            **{name: metadata.version(name) for name in _OURS},
        },
        "peers": _peers(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _fsync_ms() -> float:
    """Return what making 4 KB durable costs where the databases are."""
    seen = []
    with tempfile.TemporaryFile(prefix="clinic-mail-bench-") as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            seen.append(time.perf_counter() - began)
    return statistics.median(seen) * 1000


def _wrk_version() -> str:
    said = subprocess.run([require_wrk(), "-v"], check=False, capture_output=True, text=True)
    return (said.stdout + said.stderr).split()[1]


def _peers() -> dict[str, str]:
    command = [str(PEERS_PYTHON), "-c", _ASK, *_PEERS]
    found: dict[str, str] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found
