"""Posts pre-signed messages with wrk, each one once, and says what became of them."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_name("post_messages.lua")


class BenchmarkError(Exception):
    """Nothing can be measured, or what was measured does not count; the text says why in one sentence."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What wrk saw in one round; `sent` counts requests that it began, `acknowledged` answers of 200."""

    connections: int
    sent: int
    acknowledged: int
    other_statuses: int
    socket_errors: int
    seconds: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    exhausted: bool

    @property
    def per_second(self) -> float:
        """Acknowledged messages a second."""
        return self.acknowledged / self.seconds

    @property
    def clean(self) -> bool:
        """Whether every answer was a good one."""
        return not self.other_statuses and not self.socket_errors


def require_wrk() -> str:
    """Return where wrk is; raise BenchmarkError where it is missing."""
    found = shutil.which("wrk")
    if found is None:
        raise BenchmarkError("The load comes from wrk, which is not installed: apt-get install wrk")
    return found


def run_wrk(
    url: str, bodies_file: Path, connections: int, seconds: int, skip: int = 0, authorization: str = ""
) -> LoadResult:
    """Post the file's messages to `url` over `connections` for `seconds`, or until its end is reached.

    The file is one of `messages.py`; its first `skip` messages are passed over. `authorization` becomes
    that header, where it is not empty.
    """
    sizes = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s"]
    command = [require_wrk(), *sizes, "-s", str(_SCRIPT), url, "--"]
    command += [str(bodies_file), str(skip), authorization]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        output, errors = process.communicate(timeout=seconds + 60)
    except BaseException:
        process.kill()
        process.wait()
        raise
    said = output.strip().splitlines()
    if process.returncode or not said or not said[-1].startswith("{"):
        raise BenchmarkError(f"wrk failed: {(errors or output).strip()[-300:]}")
    return _result(connections, json.loads(said[-1]))


def _result(connections: int, figures: dict[str, float]) -> LoadResult:
    exhausted = bool(figures["exhausted"])
    other = int(figures["other_statuses"])
    return LoadResult(
        connections=connections,
        sent=int(figures["sent"]),
        acknowledged=int(figures["answered"]) - other,
        other_statuses=other,
        socket_errors=int(figures["socket_errors"]),
        seconds=figures["seconds"] if exhausted else figures["wrk_seconds"],
        p50_ms=figures["p50_ms"],
        p90_ms=figures["p90_ms"],
        p99_ms=figures["p99_ms"],
        exhausted=exhausted,
    )
