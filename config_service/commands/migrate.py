"""Bring the database to the newest version."""

import argparse
from contextlib import closing

from config_service.settings import ConfigSettings
from config_service.storage.database import Database
from config_service.storage.migrating import migrate

HELP = "bring the database to the newest version"


def add_arguments(_: argparse.ArgumentParser) -> None: ...


def run(settings: ConfigSettings, _: argparse.Namespace) -> None:
    with closing(Database(settings.database_url)) as database:
        applied = migrate(database)
    print("\n".join(f"applied {name}" for name in applied) or "The database is up to date.")
