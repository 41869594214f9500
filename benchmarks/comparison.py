"""The whole comparison: measures, prints, and writes JSON, a page and a picture."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import machine, report
from benchmarks.certificate_server import CertificateServer
from benchmarks.gunicorn_servers import PEERS_PYTHON, workers_like
from benchmarks.load import BenchmarkError
from benchmarks.messages import Messages
from benchmarks.postgres_server import postgres_server, server_version
from benchmarks.rounds import Bench, Measured, Plan, Say
from benchmarks.systems import SYSTEMS, Surroundings
from benchmarks.targets import FEW, MANY, Target, targets
from benchmarks.verify_speed import VerifySpeed

FULL = Plan(rounds=3, turns=2, seconds=2, groups=((MANY, FEW), (1, 4, 8), (16, 64)))
QUICK = Plan(rounds=2, turns=1, seconds=1, groups=((MANY, FEW),))

_Found = tuple[dict[str, Measured], dict[str, float], dict[str, Any]]


def compare(messages: Messages, plan: Plan, into: Path, say: Say) -> int:
    """Measure and report; return 1 where something that must hold does not."""
    measured, verify, about = _measured(messages, plan, say)
    lines = targets(measured, verify)
    tables = [
        report.markdown(report.target_rows(lines)),
        report.markdown(report.system_rows(SYSTEMS, measured)),
        report.markdown(report.verify_rows(verify)),
    ]
    say("\n" + "\n\n".join(tables) + "\n")
    results = _document(measured, verify, about, lines)
    for path in _write(results, [report.surroundings(about), *tables], into):
        say(f"wrote {path}")
    missed = [line.name for line in lines if line.verdict == "MISSED"]
    say("missed: " + "; ".join(missed) if missed else "everything that must hold does")
    return 1 if missed else 0


def _measured(messages: Messages, plan: Plan, say: Say) -> _Found:
    with (
        CertificateServer(messages.certificate) as server,
        postgres_server() as postgres,
        tempfile.TemporaryDirectory(prefix="clinic-mail-bench-") as directory,
    ):
        about = machine.description(server_version(postgres))
        about |= {"rounds": plan.rounds, "turns": plan.turns, "seconds": plan.seconds}
        verifiers = VerifySpeed(messages, server.origin)
        workers = workers_like("webhook_service")
        around = Surroundings(messages.certificate, server.origin, postgres, workers)
        bench = Bench(around, messages, Path(directory), say)
        return bench.run(SYSTEMS, plan, between=verifiers.measure), verifiers.medians(), about


def _document(
    measured: dict[str, Measured], verify: dict[str, float], about: dict[str, Any], lines: list[Target]
) -> dict[str, Any]:
    systems = {
        system.key: {"label": system.label, "does": system.does} | measured[system.key].as_json()
        for system in SYSTEMS
    }
    return about | {
        "targets": [line.as_json() for line in lines],
        "verify_per_second": verify,
        "systems": systems,
    }


def _write(results: dict[str, Any], parts: list[str], into: Path) -> list[Path]:
    """Write the results, the picture and the page, which shows the picture."""
    into.mkdir(parents=True, exist_ok=True)
    data, page = into / "performance.json", into / "performance.md"
    data.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    script = str(Path(__file__).with_name("plots.py"))
    drawn = subprocess.run(
        [str(PEERS_PYTHON), script, str(data), str(into / "images")],
        check=False,
        capture_output=True,
        text=True,
    )
    if drawn.returncode:
        raise BenchmarkError(f"The picture could not be drawn: {drawn.stderr.strip()[-300:]}")
    picture = "![Acknowledged events per second against connections](images/throughput.svg)"
    report.write_page(page, "\n\n".join([*parts, picture]))
    return [data, page, into / "images" / "throughput.svg"]
