"""Records where both services spend their time under load, with py-spy: pictures and raw stacks."""

import subprocess
import tempfile
import threading
from pathlib import Path

from benchmarks.certificate_server import CertificateServer
from benchmarks.gunicorn_servers import PEERS_PYTHON, ROOT
from benchmarks.load import BenchmarkError, run_wrk
from benchmarks.messages import KEPT, Messages
from benchmarks.ours import SERVICES, OurStack
from benchmarks.rounds import WARM_UP, Say

SECONDS = 10
CONNECTIONS = 32
_SHORT = {"webhook_service": "webhook", "config_service": "config"}
# Of time under the GIL and of all time that is not idle; a format that people see and one to compute with.
_PASSES = (("", "flamegraph"), ("-gil", "flamegraph"), ("", "raw"), ("-gil", "raw"))


def profile(messages: Messages, images: Path, say: Say) -> None:
    """Record both services, once for each kind of record, each time on a fresh database."""
    images.mkdir(parents=True, exist_ok=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    with CertificateServer(messages.certificate) as server, tempfile.TemporaryDirectory() as scratch:
        bodies = messages.write(Path(scratch, "messages"), server.origin)
        for suffix, kind in _PASSES:
            with OurStack(server.origin) as stack:
                stack.start()
                run_wrk(stack.events_url, _first(messages, scratch, server.origin), CONNECTIONS, 30)
                for path in _recorded(stack, bodies, suffix, kind, images):
                    say(f"wrote {path.relative_to(ROOT)}")


def _first(messages: Messages, scratch: str, origin: str) -> Path:
    return messages.write(Path(scratch, "warm_up"), origin, last=WARM_UP)


def _recorded(stack: OurStack, bodies: Path, suffix: str, kind: str, images: Path) -> list[Path]:
    """Record every service while wrk posts."""
    load = threading.Thread(
        target=run_wrk, args=(stack.events_url, bodies, CONNECTIONS, SECONDS + 3, WARM_UP), daemon=True
    )
    load.start()
    spies: dict[Path, subprocess.Popen[str]] = {}
    try:
        for service in SERVICES:
            name = f"profile-{_SHORT[service]}{suffix}"
            path = images / f"{name}.svg" if kind == "flamegraph" else KEPT / f"{name}.txt"
            spies[path] = _spy(stack.processes.running[service].pid, path, suffix, kind)
        for path, spy in spies.items():
            said = spy.communicate(timeout=SECONDS + 30)[1]
            if spy.returncode or not path.exists():
                raise BenchmarkError(f"py-spy failed (it may need root): {said.strip()[-200:]}")
            # Paths of this machine are nobody's business.
            path.write_text(path.read_text().replace(f"{ROOT}/", ""))
    finally:
        for spy in spies.values():
            spy.kill()
            spy.wait()
        load.join()
    return list(spies)


def _spy(pid: int, path: Path, suffix: str, kind: str) -> subprocess.Popen[str]:
    options = ["--pid", str(pid), "--subprocesses", "--duration", str(SECONDS), "--rate", "200"]
    options += ["--nonblocking", "--format", kind, "--output", str(path), *(["--gil"] if suffix else [])]
    return subprocess.Popen(
        [str(PEERS_PYTHON.with_name("py-spy")), "record", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
