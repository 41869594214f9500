"""The suppression list as CSV: streamed out, and in with a report of every line that was refused."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from config_service.clock import to_datetime, to_ms
from config_service.errors import InvalidError
from config_service.services.addresses import required_address
from config_service.services.csv_lines import FORMULA, csv_line
from config_service.services.principal import Principal
from config_service.services.suppression_rules import REASON_COMPLAINT, REASON_HARD_BOUNCE, REASON_MANUAL
from config_service.services.suppressions import Suppressions

COLUMNS = ("email", "reason", "since", "until")
MAX_REPORTED = 100
_BATCH = 200  # lines a transaction

_IMPORTABLE = (REASON_MANUAL, REASON_HARD_BOUNCE, REASON_COMPLAINT)


@dataclass(slots=True)
class ImportReport:
    """How many lines went in, how many changed nothing, and which were refused and why."""

    imported: int = 0
    unchanged: int = 0
    refused: int = 0
    errors: list[dict[str, object]] = field(default_factory=list)

    def refuse(self, line: int, message: str) -> None:
        """Count a refused line; the first hundred are named."""
        self.refused += 1
        if len(self.errors) < MAX_REPORTED:
            self.errors.append({"line": line, "message": message})


class SuppressionTransfer:
    """Exports and imports lists."""

    def __init__(self, suppressions: Suppressions) -> None:
        """Take the lists."""
        self._suppressions = suppressions

    def export(self, clinic_id: str | None, actor: Principal) -> Iterator[str]:
        """Return the entries in force, line by line behind a header; the export itself is audited."""
        self._suppressions.audit.write(actor, "suppressions.exported", clinic_id)
        return self._lines(clinic_id)

    def _lines(self, clinic_id: str | None) -> Iterator[str]:
        yield csv_line(COLUMNS)
        now = self._suppressions.clock()
        every = self._suppressions.repositories.suppressions.every(clinic_id)
        for record in self._suppressions.state.in_force(every, now):
            shown = self._suppressions.shown(record)
            if shown.email is not None:
                until = to_datetime(shown.until).isoformat() if shown.until else ""
                yield csv_line((shown.email, shown.reason, to_datetime(shown.since).isoformat(), until))

    def load(self, clinic_id: str | None, lines: Iterable[str], actor: Principal) -> ImportReport:
        """Add each line's address at its own time; raise InvalidError where there is no `email` column.

        `reason` (manual, hard_bounce, complaint; manual by default) and `since` may be left out.
        """
        report = ImportReport()
        database = self._suppressions.repositories.database
        batch: list[tuple[int, dict[str, str]]] = []
        for numbered in _rows(lines):
            batch.append(numbered)
            if len(batch) >= _BATCH:
                with database.transaction():
                    self._load_batch(clinic_id, batch, actor, report)
                batch = []
        with database.transaction():
            self._load_batch(clinic_id, batch, actor, report)
        return report

    def _load_batch(
        self,
        clinic_id: str | None,
        batch: list[tuple[int, dict[str, str]]],
        actor: Principal,
        report: ImportReport,
    ) -> None:
        entries = []
        for number, row in batch:
            try:
                entries.append((number, *_entry(row, self._suppressions.clock())))
            except InvalidError as error:
                report.refuse(number, error.message)
        self._suppressions.lock(clinic_id, [address for _, address, _, _ in entries])
        for number, address, reason, at in entries:
            try:
                is_new = self._suppressions.put(clinic_id, address, actor, reason, at)[1]
            except InvalidError as error:
                report.refuse(number, error.message)
                continue
            report.imported += is_new
            report.unchanged += not is_new
        lines = [f"lines:{batch[0][0]}-{batch[-1][0]}"] if batch else ["lines:none"]
        self._suppressions.audit.write(actor, "suppressions.imported", clinic_id, lines)


def _entry(row: dict[str, str], now: int) -> tuple[str, str, int]:
    """Return the address, reason and time in a line; raise InvalidError, saying why, where they are wrong."""
    reason = (row.get("reason") or REASON_MANUAL).strip()
    if reason not in _IMPORTABLE:
        raise InvalidError(f"The reason must be one of {', '.join(_IMPORTABLE)}.")
    raw = (row.get("email") or "").strip()
    # The apostrophe is the export's own, which kept a spreadsheet from taking the address for a formula.
    address = required_address(raw[1:] if raw[:1] == "'" and raw[1:2] in FORMULA else raw, "email")
    since = (row.get("since") or "").strip()
    return address, reason, _time(since, now) if since else now


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its line's number; raise InvalidError for what is no CSV with an `email` column."""
    reader = csv.DictReader(lines)
    try:
        if "email" not in (reader.fieldnames or ()):
            raise InvalidError(
                "The first line must name the columns, email among them.",
                code="csv_without_header",
                hint=f"Begin the file with: {','.join(COLUMNS[:3])}",
            )
        for row in reader:
            yield reader.line_num, row
    except csv.Error:
        raise InvalidError(
            f"The file cannot be read as CSV at line {reader.line_num}.",
            code="csv_unreadable",
            hint="Look for a quote that is not closed, and for line ends that are no line feeds. Lines "
            "before it may be imported already; sending the corrected file whole does no harm.",
        ) from None


def _time(text: str, now: int) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidError("since is no time such as 2026-01-31T12:00:00+00:00.") from None
    if moment.tzinfo is None:
        raise InvalidError("since names no time zone, such as +00:00.")
    if to_ms(moment) > now:
        raise InvalidError("since lies in the future.")
    return to_ms(moment)
