"""The comparison of two suppression lists on the terminal; addresses are masked."""

from rich.markup import escape
from rich.table import Table

from config_service.commands.setup_report import console
from config_service.services.drift.document import drift_document, repair_document
from config_service.services.drift.drift import DriftReport
from config_service.services.drift.repair import Repaired

_NAMED = 20  # of each kind
_KINDS = {
    "onlyAtSes": "SES suppresses it, we do not",
    "removedHere": "removed here, SES still suppresses it",
    "onlyHere": "we suppress it, SES does not",
}


class DriftReportScreen:
    """Writes to standard output."""

    def __init__(self) -> None:
        """Find the terminal."""
        self._console = console()

    def show(self, report: DriftReport, repaired: Repaired | None) -> None:
        """Print what differs in one account and, where that was asked for, what was repaired."""
        document = drift_document(report)
        whose = "shared by" if document["shared"] else "of"
        self._console.print(
            f"[bold]Account {document['account']} in {document['region']}[/], {whose} "
            f"{document['clinics']} clinic(s): {document['atSes']} at SES, {document['inBoth']} in both",
            soft_wrap=True,
        )
        if any(document[kind]["count"] for kind in _KINDS):
            self._console.print(_table(document))
        for kind, text in _KINDS.items():
            self._console.print(f"{document[kind]['count']:>6} {text}")
        if repaired is not None:
            self._repaired(repaired)

    def _repaired(self, repaired: Repaired) -> None:
        document = repair_document(repaired)
        verb = "Would be repaired" if repaired.dry_run else "Repaired"
        self._console.print(
            f"[green]{verb}[/]: {repaired.added_here} added here, {repaired.deleted_at_ses} deleted at SES, "
            f"{repaired.put_to_ses} put to SES, {len(repaired.left)} left",
            soft_wrap=True,
        )
        for each in document["left"]["addresses"][:_NAMED]:
            self._console.print(f"  [yellow]left[/] {escape(each['email'])}: {escape(each['why'])}")
        if repaired.dry_run:
            self._console.print("The same command with --yes does it.")


def _table(document: dict[str, dict[str, list[dict[str, str]]]]) -> Table:
    table = Table(box=None)
    for heading in ("address", "why", "since", ""):
        table.add_column(heading, overflow="fold")
    for kind, text in _KINDS.items():
        for each in document[kind]["addresses"][:_NAMED]:
            table.add_row(escape(each["email"] or "(erased)"), each["reason"], each["since"][:10], text)
    return table
