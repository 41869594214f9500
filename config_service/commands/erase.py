"""Erase a person's address, which comes on standard input: a command line stays in `ps` and in histories."""

import argparse
import sys

from config_service.commands.opened import opened
from config_service.errors import InvalidError
from config_service.services.principal import SERVICE, Principal
from config_service.settings import ConfigSettings

HELP = "erase a person's address for good; they stay suppressed"
MAX_NOTE = 1000  # characters, as over the API


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--email-from-stdin", action="store_true", required=True, help="read the address from one line"
    )
    parser.add_argument("--note", required=True, help="why, for the audit trail; it should name nobody")
    parser.add_argument("--clinic", help="erase in what is this clinic's alone; else everywhere")
    parser.add_argument("--actor", default="operator", help="who asks, for the audit trail")


def run(settings: ConfigSettings, options: argparse.Namespace) -> None:
    if not 0 < len(options.note) <= MAX_NOTE:
        raise InvalidError(f"--note must have 1 to {MAX_NOTE} characters.", hint="Say why in a sentence.")
    email = sys.stdin.readline().strip()
    actor = Principal(f"command:{options.actor}", SERVICE)
    with opened(settings) as services:
        changed = services.erasure.erase(options.clinic, email, actor, options.note)
    counts = ", ".join(f"{count} {table}" for table, count in changed.items() if count)
    print(f"Erased: {counts}." if counts else "It was erased already; nothing was changed.")
