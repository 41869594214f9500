"""`make chaos` in its short form: twenty kills, ten on each database."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261125  # the same faults in every run of the tests; `make chaos` draws others
SHORT = ("--apart", "12", "--window", "20", "--faster", "40", "--webhooks", "1", "--seconds", "220")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_or_doubled_under_ten_kills_and_every_other_fault(
    database: str, tmp_path: Path
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    command = [sys.executable, "-m", "chaos", "--kills", "10", "--database", database, "--seed", str(SEED)]
    made = subprocess.run(
        [*command, *SHORT, "--keep", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = made.stdout + made.stderr
    assert made.returncode == 0, said
    figures = {
        name.strip(): figure for name, figure in re.findall(r"^(.+?) +│ +([\d,]+) *$", said, re.MULTILINE)
    }
    assert figures["killed"] == "10", said
    assert figures["acknowledged events lost"] == figures["events doubled"] == "0"
    assert int(figures["suppression entries as predicted"]) > 0
    assert said.startswith(f"seed {SEED}")
    assert f"; seed {SEED}" in made.stdout.splitlines()[-2]
