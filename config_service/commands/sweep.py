"""Seal direct updates and try held events again."""

import argparse

from config_service.commands.opened import opened
from config_service.settings import ConfigSettings

HELP = "seal direct updates and try held events again, now"


def add_arguments(_: argparse.ArgumentParser) -> None: ...


def run(settings: ConfigSettings, _: argparse.Namespace) -> None:
    with opened(settings) as services:
        print("Done." if services.sweep.run() else "Another process is at it.")
