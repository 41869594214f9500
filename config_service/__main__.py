"""Commands: python -m config_service --help lists them."""

import argparse
import sys
from pathlib import Path
from types import ModuleType

from config_service.commands import migrate, reseal, sweep, token
from config_service.settings import read_settings
from shared.errors import ServiceError
from shared.logging import configure_logging
from shared.settings import environment

COMMANDS: dict[str, ModuleType] = {
    "migrate": migrate,
    "reseal": reseal,
    "sweep": sweep,
    "token": token,
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: its own, else 0, and 1 where it was refused."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(environment(Path(".env")))
        configure_logging("WARNING")
        return COMMANDS[options.command].run(settings, options) or 0
    except ServiceError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config_service")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.HELP))
    return parser


if __name__ == "__main__":
    sys.exit(main())
