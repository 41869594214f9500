"""Commands: python -m config_service --help lists them."""

import argparse
import sys
from pathlib import Path
from types import ModuleType

from config_service.commands import (
    audit,
    backup,
    doctor,
    drift,
    erase,
    identity,
    migrate,
    probe,
    purge,
    rehash,
    replay,
    reseal,
    setup,
    sweep,
    token,
)
from config_service.settings import read_settings
from shared.errors import ServiceError
from shared.logging import configure_logging
from shared.serving import forbid_core_dumps
from shared.settings import environment

COMMANDS: dict[str, ModuleType] = {
    "audit": audit,
    "backup": backup,
    "doctor": doctor,
    "drift": drift,
    "erase": erase,
    "identity": identity,
    "migrate": migrate,
    "probe": probe,
    "purge": purge,
    "rehash": rehash,
    "replay": replay,
    "reseal": reseal,
    "setup": setup,
    "sweep": sweep,
    "token": token,
}


_INTERRUPTED = 130  # as shells say it: 128 and the number of SIGINT


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: its own, else 0, and 1 where it was refused."""
    options = _parser().parse_args(arguments)
    forbid_core_dumps()
    try:
        settings = read_settings(environment(Path(".env")))
        configure_logging("WARNING")
        return COMMANDS[options.command].run(settings, options) or 0
    except ServiceError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. What is done stays done: run the command again for the rest.", file=sys.stderr)
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config_service")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.HELP))
    return parser


if __name__ == "__main__":
    sys.exit(main())
