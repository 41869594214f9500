"""`python -m chaos [--kills 200] [--database sqlite|postgresql|both] [--seed N]`: see docs/chaos.md."""

import argparse
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from chaos.campaign import Campaign, Options
from chaos.clock import library
from chaos.plan import DATABASES
from chaos.report import Report, table
from chaos.strikes import ChaosError
from local_aws.errors import StartError
from scripts.processes import StackError

_SNS_DELAY = 20.0  # seconds between two tries, by default: "Message delivery retries" of SNS's guide


_STOPPING = (
    ChaosError,
    StackError,
    StartError,
    OSError,
    subprocess.SubprocessError,
    psutil.Error,
    psycopg.Error,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the figures, and return 0 only where nothing was lost, doubled or wrong."""
    options = _parser().parse_args(arguments)
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    databases = DATABASES if options.database == "both" else (options.database,)
    console = Console(soft_wrap=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # everything started is ended on the way out
    console.print(f"seed {seed}, {options.kills} kills, on {' and '.join(databases)}")
    if library() is None:
        console.print("libfaketime is not installed (apt-get install faketime): no clock is stepped")
    reports: list[Report] = []
    began = time.monotonic()
    try:
        for database, kills in zip(databases, _shared(options.kills, len(databases)), strict=True):
            left = options.seconds - (time.monotonic() - began)
            reports.append(_run(console, options, seed, database, kills, left))
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    complaints = [f"{each.database}: {text}" for each in reports for text in each.complaints]
    if reports and all(report.seconds for report in reports):
        console.print(table(reports))
    for text in complaints:
        console.print(text, markup=False)
    console.print(f"{'FAILED' if complaints else 'Nothing was lost or doubled'}; seed {seed}")
    console.print(f"The same again: {_again(arguments, seed)}", markup=False, highlight=False)
    return 1 if complaints else 0


def _run(
    console: Console, given: argparse.Namespace, seed: int, database: str, kills: int, limit: float
) -> Report:
    directory = given.keep / database if given.keep else Path(tempfile.mkdtemp(prefix="clinic-mail-chaos-"))
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    delay = _SNS_DELAY / given.faster
    options = Options(seed, kills, given.apart, given.window, 3, delay, limit, given.webhooks)
    columns = (TextColumn(database), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    last = TextColumn("{task.description}")
    with Progress(*columns, last, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task("")

        def progress(done: int, total: int, struck: str) -> None:
            bar.update(task, completed=done, total=total, **({"description": struck} if struck else {}))

        campaign = Campaign(options, database, directory, progress)
        try:
            campaign.run()
        except _STOPPING as error:
            campaign.report.complaints.append(f"{type(error).__name__}: {error}")
    if campaign.report.complaints:
        console.print(f"What {database}'s processes wrote is kept in {directory}")
    elif not given.keep:
        shutil.rmtree(directory, ignore_errors=True)
    return campaign.report


def _again(arguments: Sequence[str] | None, seed: int) -> str:
    """Return the command that repeats this run."""
    given = sys.argv[1:] if arguments is None else [*arguments]
    return shlex.join(
        ["python", "-m", "chaos", *given, *([] if "--seed" in given else ["--seed", str(seed)])]
    )


def _shared(kills: int, among: int) -> list[int]:
    return [kills // among + (place < kills % among) for place in range(among)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos")
    parser.add_argument("--kills", type=int, default=200, help="of all databases together")
    parser.add_argument("--database", choices=(*DATABASES, "both"), default="both")
    parser.add_argument("--seed", type=int, help="of a run that is to be repeated")
    parser.add_argument("--apart", type=int, default=70, help="publications between two faults")
    parser.add_argument("--window", type=int, default=100, help="publications in flight at a time")
    parser.add_argument("--faster", type=float, default=15, help="than SNS, which tries again after 20 s")
    parser.add_argument("--webhooks", default="", help="worker processes of webhook_service")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="keep logs and databases there")
    parser.add_argument("--seconds", type=float, default=1200, help="after which it is given up")
    return parser


if __name__ == "__main__":
    sys.exit(main())
