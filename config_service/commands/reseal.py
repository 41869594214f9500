"""Bring everything that is sealed under the newest key."""

import argparse

from config_service.commands import progress
from config_service.commands.opened import opened
from config_service.settings import ConfigSettings

HELP = "bring everything sealed under the first key of CREDENTIALS_KEYS, and say which keys can go"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", action="store_true", help="change nothing, and count what each key seals")


def run(settings: ConfigSettings, options: argparse.Namespace) -> int:
    with opened(settings) as services:
        try:
            if not options.count:
                progress.show(services.resealing.run(), "sealed anew")
        finally:  # said also where some value does not open
            all_current = progress.verdict(
                "CREDENTIALS_KEYS", settings.credentials_keys, services.resealing.left()
            )
    return 0 if all_current else 1
