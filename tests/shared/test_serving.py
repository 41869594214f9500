"""How the services' processes are started: how many, and what they leave out."""

import gc
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from shared import serving

ROOT = Path(__file__).parents[2]
MACHINE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.mark.parametrize(
    ("quota", "count"),
    [
        ("max 100000", MACHINE),
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("1000 100000", 1),
        ("6400000 100000", MACHINE),
        ("what is this", MACHINE),
        ("", MACHINE),
        (None, MACHINE),
    ],
)
def test_the_quota_of_a_container_counts_where_it_is_less(
    quota: str | None, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpu.max"
    if quota is not None:
        file.write_text(quota)
    monkeypatch.setattr(serving, "_CPU_QUOTA", file)
    assert serving.cores() == count


@pytest.mark.parametrize(("given", "count"), [(None, 3), ("", 3), ("5", 5)])
def test_the_environment_has_the_last_word(
    given: str | None, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    if given is not None:
        monkeypatch.setenv("WEB_CONCURRENCY", given)
    assert serving.worker_processes(3) == count


def test_a_workers_application_is_out_of_the_collectors_way() -> None:
    gc.unfreeze()
    try:
        serving.post_worker_init(None)
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.freeze()


@pytest.mark.parametrize(
    "start",
    [
        "import runpy; runpy.run_path('config_service/gunicorn.conf.py')['_service'].remove_metrics()",
        "import runpy; runpy.run_path('webhook_service/gunicorn.conf.py')['_service'].remove_metrics()",
        "from config_service.__main__ import main; main(['migrate'])",
    ],
    ids=["config_service", "webhook_service", "a command"],
)
def test_each_way_to_start_forbids_core_dumps_and_a_master_freezes_its_imports(
    start: str, tmp_path: Path
) -> None:
    """The hard limit tells, since the soft one is 0 on most machines already."""
    show = f"{start}\nimport gc, resource; print('hard limit', resource.getrlimit(resource.RLIMIT_CORE)[1])"
    show += "; print('frozen', gc.get_freeze_count() > 50_000)"
    made = {
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}",
        "INTERNAL_API_TOKEN": "x" * 32,
    }
    shown = subprocess.run(
        [sys.executable, "-c", show],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", **made},
    )
    assert "hard limit 0" in shown.stdout, shown.stderr
    assert ("frozen True" in shown.stdout) == ("gunicorn" in start)


def test_a_process_that_forbids_core_dumps_and_its_children_leave_none() -> None:
    show = "import subprocess; from shared.serving import forbid_core_dumps as f; f(); subprocess.run(['cat', '/proc/self/limits'])"
    shown = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout
    (line,) = (line for line in shown.splitlines() if line.startswith("Max core file size"))
    assert line.split()[-3:-1] == ["0", "0"]


_OF_FOUR_THREADS = """
import ctypes, threading
from shared.serving import share_one_heap
{first}
at_once = threading.Barrier(4)
def want():
    at_once.wait()
    kept = [bytearray(4000) for _ in range(1000)]
    at_once.wait()
threads = [threading.Thread(target=want) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def heaps(first: str, **environment: str) -> int:
    """How many heaps four threads have that want memory at the same time, by glibc's own account."""
    command = [sys.executable, "-c", _OF_FOUR_THREADS.format(first=first)]
    environment = {"PATH": os.environ["PATH"], **environment}
    run = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=60
    )
    return run.stderr.count("Arena ")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives each thread a heap")
def test_all_threads_of_a_service_share_one_heap(tmp_path: Path) -> None:
    assert heaps("") > 1
    assert heaps("share_one_heap()") == 1
    for service in ("config_service", "webhook_service"):
        start = f"import runpy; runpy.run_path('{service}/gunicorn.conf.py')['_service'].remove_metrics()"
        assert heaps(start, VAR_DIR=str(tmp_path), INTERNAL_API_TOKEN="x" * 32) == 1
