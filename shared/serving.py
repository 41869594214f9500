"""What the gunicorn configurations of both services share. Imports nothing that imports prometheus_client."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

MULTIPROCESS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

Remove = Callable[[], None]


def make_metrics_directory(service: str) -> Remove:
    """Make the directory in which a service's processes share their metrics, unless one is given.

    To be called before anything imports prometheus_client, which then chooses between one process and
    several. Return what removes the directory, if this very process made it: after a reload it is given too.
    """
    master = os.getpid()
    prefix = f"{service}_metrics_{master}_"
    given = os.environ.get(MULTIPROCESS_DIRECTORY)
    ours = not given or Path(given).name.startswith(prefix)
    if not given:
        os.environ[MULTIPROCESS_DIRECTORY] = tempfile.mkdtemp(prefix=prefix)

    def remove() -> None:
        if ours and os.getpid() == master:
            shutil.rmtree(os.environ.pop(MULTIPROCESS_DIRECTORY), ignore_errors=True)

    return remove


def refuse_to_start(service: str, why: str, remove: Remove) -> NoReturn:
    """End gunicorn with one line, rather than once a worker and with a traceback each."""
    remove()
    raise SystemExit(f"{service} does not start: {why}")


def child_exit(_server: Any, worker: Any) -> None:
    """Drop the gauges of a process that is gone."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - not before the directory is made

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
