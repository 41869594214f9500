"""What the set-up says on the terminal: a plan as a table, progress as it comes, lines for `.env`."""

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config_service.providers.aws_setup.resource import Action, Resource, Step
from config_service.services.setup.applying import Progress, Waiting

WIDTH_OF_A_FILE = 160  # columns, where no terminal says how many it has

_COLOURS = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REMOVE: "red",
    Action.LEAVE: "cyan",
    Action.UNCHANGED: "dim",
}
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.REMOVE: "removed"}


def console() -> Console:
    """Return the terminal, or a file of a fixed width."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=WIDTH_OF_A_FILE)


class SetupReport:
    """Writes to standard output."""

    def __init__(self) -> None:
        """Find the terminal."""
        self._console = console()

    def warn(self, warnings: Iterable[str]) -> None:
        """Say what the operator should know first."""
        for warning in warnings:
            self._console.print(f"[yellow]warning[/] {escape(warning)}")

    def table(self, title: str, steps: Iterable[tuple[Resource, Step]]) -> None:
        """Show a plan, and in one line what it comes to."""
        table = Table(title=title, title_justify="left")
        for heading in ("action", "what", "name", "details"):
            table.add_column(heading, overflow="fold")
        changes = 0
        for resource, step in steps:
            changes += step.changes
            action = f"[{_COLOURS[step.action]}]{step.action}[/]"
            table.add_row(action, resource.kind, escape(resource.name), escape("\n".join(step.details)))
        self._console.print(table)
        self._console.print(f"{changes} to change." if changes else "Nothing to change.")

    def progress(self, steps: Iterable[Progress]) -> None:
        """Say what is done as it is done; one line counts down while somebody waits."""
        changes = 0
        with self._console.status("working") as status:
            for step in steps:
                if isinstance(step, Waiting):
                    status.update(f"waiting for the webhook's confirmation, {step.seconds_left} s at most")
                    continue
                resource, done = step
                status.update("working")
                changes += done.changes
                self._line(resource, done)
        self._console.print(f"Done: {changes} changed." if changes else "Done: nothing had to be changed.")

    def settings(self, lines: Iterable[str]) -> None:
        """Print the lines of `.env`, each unbroken."""
        for line in lines:
            self._console.print(line, markup=False, soft_wrap=True)

    def _line(self, resource: Resource, step: Step) -> None:
        word = _DONE.get(step.action, str(step.action))
        details = f"  ({'; '.join(step.details)})" if step.details else ""
        text = f"{escape(resource.kind)} {escape(resource.name)}{escape(details)}"
        self._console.print(f"[{_COLOURS[step.action]}]{word:<10}[/] {text}", soft_wrap=True)
