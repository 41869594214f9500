"""Copy the SQLite database to a file while the service serves."""

import argparse
from pathlib import Path

from config_service.settings import ConfigSettings
from config_service.storage.backup import BackupError, back_up

HELP = "copy the SQLite database to a new file, while the service serves"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("to", metavar="TO", type=Path, help="the file to write, which must not exist yet")


def run(settings: ConfigSettings, options: argparse.Namespace) -> None:
    if not settings.database_url.startswith("sqlite:"):
        raise BackupError(
            "This command copies SQLite's databases.", hint="PostgreSQL has pg_dump: see docs/backup.md."
        )
    size = back_up(settings.database_url, options.to)
    print(f"Wrote {size} bytes to {options.to}. The keys are not in it: keep them apart.")
