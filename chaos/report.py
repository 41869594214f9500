"""What a run shows at its end: one column a database."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from rich.table import Table

from chaos.plan import BACKEND, VICTIMS
from chaos.verdict import Verdict

# No answer is a broken connection; 503 is what both services promise where they cannot do it now.
_HONEST = {None, HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE}


@dataclass
class Report:
    """The figures of one database's run, and what was wrong."""

    database: str
    published: int
    struck: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    answers_lost: int = 0
    tries: int = 0
    codes: Counter[int | None] = field(default_factory=Counter)
    acknowledged: int = 0
    dead: int = 0
    replayed: int = 0
    lost: int = 0
    doubled: int = 0
    entries: int = 0
    seconds: float = 0
    complaints: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(self.struck[victim] for victim in (*VICTIMS, BACKEND))

    def judged(self, verdict: Verdict) -> None:
        """Take over what the comparison found."""
        self.lost, self.doubled = verdict.lost, verdict.doubled
        self.complaints += verdict.complaints
        if self.acknowledged + self.replayed != self.published:
            self.complaints.append("some publications were neither acknowledged nor replayed")
        if strange := {code: count for code, count in self.codes.items() if code not in _HONEST}:
            self.complaints.append(f"answers that are neither 200 nor 503, by status: {strange}")

    def figures(self) -> dict[str, str]:
        """Return each line of the table."""
        other = {kind: count for kind, count in self.struck.items() if kind not in (*VICTIMS, BACKEND)}
        return {
            "killed": f"{self.kills}",
            **{f"  {victim}": f"{self.struck[victim]}" for victim in (*VICTIMS, BACKEND)},
            "other faults": f"{sum(other.values())}",
            **{f"  {kind}": f"{count}" for kind, count in sorted(other.items())},
            "started again": f"{self.restarts}",
            "events published": f"{self.published:,}",
            "  tries": f"{self.tries:,}",
            "  answered 503": f"{self.codes[503]:,}",
            "  not answered": f"{self.codes[None]:,}",
            "  acknowledged": f"{self.acknowledged:,}",
            "  dead-lettered": f"{self.dead:,}",
            "  replayed": f"{self.replayed:,}",
            "acknowledged events lost": f"{self.lost}",
            "events doubled": f"{self.doubled}",
            "suppression entries as predicted": f"{self.entries:,}",
            "seconds": f"{self.seconds:.0f}",
        }


def table(reports: Sequence[Report]) -> Table:
    """Return all figures beside each other."""
    shown = Table(title="Chaos", show_edge=False)
    shown.add_column("")
    columns = [report.figures() for report in reports]
    for report in reports:
        shown.add_column(report.database, justify="right")
    for name in dict.fromkeys(name for figures in columns for name in figures):
        shown.add_row(name, *(figures.get(name, "-") for figures in columns))
    return shown
