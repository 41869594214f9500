"""A report on the terminal: what is wrong first to the eye, with its remedy below it."""

from rich.markup import escape
from rich.table import Table

from config_service.clock import to_datetime
from config_service.commands.setup_report import console
from config_service.services.doctor.finding import Finding, Report, Status

_COLOURS = {Status.PASS: "green", Status.WARN: "yellow", Status.FAIL: "bold red", Status.UNKNOWN: "cyan"}


class DoctorReport:
    """Writes to standard output."""

    def __init__(self) -> None:
        """Find the terminal."""
        self._console = console()

    def show(self, report: Report) -> None:
        """Print one report."""
        whose = f"Clinic {report.clinic_id}" if report.clinic_id else "The platform's own account"
        table = Table(title=escape(whose), title_justify="left", show_header=False, box=None)
        table.add_column(no_wrap=True)
        table.add_column(max_width=32)
        table.add_column(overflow="fold")
        for finding in report.findings:
            status = f"[{_COLOURS[finding.status]}]{finding.status:<7}[/]"
            table.add_row(status, escape(finding.title), _told(finding))
        self._console.print(table)
        self._console.print(_summary(report), "\n")


def _told(finding: Finding) -> str:
    lines = [escape(finding.seen)]
    if finding.since is not None:
        lines.append(f"since {to_datetime(finding.since):%Y-%m-%d %H:%M} UTC")
    if finding.remedy:
        lines.append(f"[italic]{escape(finding.remedy)}[/]")
    if finding.command:
        lines.append(f"[bold]> {escape(finding.command)}[/]")
    return "\n".join(lines)


def _summary(report: Report) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items() if count)
    colour = _COLOURS[report.status]
    return f"[{colour}]{report.status}[/]: {counts}, in {report.took_ms / 1000:.1f} s"
