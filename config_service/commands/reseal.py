"""Bring everything that is sealed under the newest key."""

import argparse

from config_service.commands.opened import opened
from config_service.settings import ConfigSettings

HELP = "bring everything sealed under the first key of CREDENTIALS_KEYS"


def add_arguments(_: argparse.ArgumentParser) -> None: ...


def run(settings: ConfigSettings, _: argparse.Namespace) -> None:
    with opened(settings) as services:
        for progress in services.resealing.run():
            print(f"sealed anew: {progress.count} {progress.what}", flush=True)
    print(f"Everything is under key {settings.credentials_keys[0].id}; older keys can be taken away.")
