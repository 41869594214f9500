"""What the gunicorn configurations of both services share. Imports nothing that imports prometheus_client."""

import ctypes
import gc
import os
import resource
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

MULTIPROCESS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_ARENA_MAX = -8  # in glibc's malloc.h
_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")

Remove = Callable[[], None]


class Prepared(NamedTuple):
    """What a gunicorn configuration needs to know of its service."""

    settings: Any
    logging: dict[str, Any]
    remove_metrics: Remove


def cores() -> int:
    """Return how many cores this process may use, at least one: of the machine, or of its container's quota.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
    """
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _CPU_QUOTA.read_text(encoding="ascii").split()
        return max(1, min(count, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no such file, or the quota is "max"
        return count


def worker_processes(by_default: int) -> int:
    """Return how many worker processes gunicorn is to start: WEB_CONCURRENCY, or else `by_default`."""
    return int(os.environ.get("WEB_CONCURRENCY") or by_default)


def prepare(service: str) -> Prepared:
    """Make gunicorn's master ready for `service`, with its code and settings, which its workers inherit.

    A bad setting ends gunicorn here with one line, rather than once a worker and with a traceback each.
    """
    forbid_core_dumps()
    share_one_heap()
    remove_metrics = _make_metrics_directory(service)
    gc.disable()  # nothing that is imported is garbage, and to look for some costs a tenth of the time
    settings = import_module(f"{service}.settings")
    reader, errors, logs = map(import_module, ("shared.settings", "shared.errors", "shared.logging"))
    gc.freeze()  # else each worker would look through it all once, and so have a copy of its own
    gc.enable()
    try:
        read = settings.read_settings(reader.environment(Path(".env")))
    except errors.SettingsError as error:
        remove_metrics()
        raise SystemExit(f"{service} does not start: {error.message}") from None
    return Prepared(read, logs.logging_config(read.log_level), remove_metrics)


def _make_metrics_directory(service: str) -> Remove:
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


def forbid_core_dumps() -> None:
    """Let this process and its children leave no image of their memory behind: it holds keys and addresses.

    https://man7.org/linux/man-pages/man5/core.5.html
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def share_one_heap() -> None:
    """Have glibc serve all threads from one heap: each thread's own keeps what its largest batch has needed.

    Threads seldom want memory at the same time, since nearly all of them wait for the interpreter or a
    database. Other C libraries have no such setting. https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def post_worker_init(_worker: Any) -> None:
    """Let the collector pass by the application from now on, so that it holds no request up for long.

    https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    """Drop the gauges of a process that is gone."""
    from prometheus_client import multiprocess  # noqa: PLC0415 - not before the directory is made

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
