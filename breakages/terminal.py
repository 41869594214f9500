"""Runs commands as an operator types them: ours, in this process to spare the time to start, and AWS's."""

import io
import re
import shlex
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from config_service.__main__ import main

_OURS = ["python", "-m", "config_service"]


class CommandError(Exception):
    """A command ended badly; the text is what it printed."""


@dataclass(frozen=True)
class Terminal:
    """`names` stand in commands for what the reader puts in their place; `aws` makes a boto3 client."""

    names: dict[str, str]
    aws: Callable[..., Any]

    def run(self, command: str) -> str:
        """Run a command with everything filled in, and return it so; raise CommandError."""
        command = self.filled(command)
        words = shlex.split(command)
        if words[:1] == ["aws"]:
            self._run_aws(words[1:])
        else:
            self.output_of(command)
        return command

    def output_of(self, command: str) -> str:
        """Return what one of our own commands prints; raise CommandError."""
        words = shlex.split(self.filled(command))
        if words[: len(_OURS)] != _OURS:
            raise CommandError(f"{command}: no command, but something to do by hand")
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            code = _exit_code(words[len(_OURS) :])
        if code:
            raise CommandError(f"{command}: exit code {code}\n{printed.getvalue()}")
        return printed.getvalue()

    def _run_aws(self, words: list[str]) -> None:
        """Make the call of a command of AWS's own command line: `aws SERVICE OPERATION --NAME VALUE...`."""
        options: dict[str, list[str]] = {}
        for word in words[2:]:
            if word.startswith("--"):
                options[word.removeprefix("--")] = []
            else:
                options[list(options)[-1]].append(word)
        region = options.pop("region", [""])[0]
        given = {_camel(name): values or True for name, values in options.items()}
        getattr(self.aws(words[0], region), words[1].replace("-", "_"))(**given)

    def filled(self, command: str) -> str:
        """Return a command with names in place of the examples of the manual."""
        for name, value in self.names.items():
            command = command.replace(name, value)
        return command


def _exit_code(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as ended:  # argparse's way to refuse a command line
        return int(ended.code or 0)


def _camel(name: str) -> str:
    return re.sub(r"(^|-)([a-z])", lambda found: found[2].upper(), name)
