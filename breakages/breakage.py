"""One breakage: how it is made, what the doctor must say about it, and how it is repaired."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from breakages.loop import Loop

Finding = Mapping[str, Any]  # a check as GET .../communication/health shows it
Make = Callable[[Loop], object]
Repair = Callable[[Loop, Finding], str]


def by_the_named_command(loop: Loop, finding: Finding) -> str:
    """Run the very command that the doctor has named, and return it."""
    return f"$ {loop.terminal.run(str(finding['command']))}"


def doing(text: str, deed: Make) -> Repair:
    """Return a repair that no command makes: somebody does `deed`, in words `text`."""

    def repair(loop: Loop, _: Finding) -> str:
        deed(loop)
        return text

    return repair


@dataclass(frozen=True)
class Breakage:
    """`check` must end in `status` with the remedy `code`; `with_it` names what else it disturbs.

    `alone` says that it hides others: nothing else can be seen to be broken meanwhile.
    """

    title: str
    make: Make
    check: str
    code: str
    status: str = "fail"
    with_it: tuple[str, ...] = ()
    alone: bool = False
    repair: Repair = by_the_named_command
