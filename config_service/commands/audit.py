"""Export the audit trail as JSON lines or CSV, row by row."""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, datetime

from config_service.clock import to_datetime, to_ms
from config_service.commands.opened import opened
from config_service.services.csv_lines import csv_line
from config_service.services.principal import service
from config_service.settings import ConfigSettings
from config_service.storage.audit import AuditFilter
from config_service.storage.records import AuditRecord

HELP = "export the audit trail"
COLUMNS = ("id", "at", "actor", "role", "action", "clinicId", "fields", "requestId")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    export = parser.add_subparsers(dest="what", required=True).add_parser("export", help=HELP)
    time = "a day such as 2026-01-31 or a time such as 2026-01-31T12:00:00+00:00; UTC where no zone is named"
    export.add_argument("--since", type=moment, help=f"from this time on: {time}")
    export.add_argument("--until", type=moment, help="before this time")
    export.add_argument("--clinic", help="of this clinic alone")
    export.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")


def run(settings: ConfigSettings, options: argparse.Namespace) -> None:
    line: Callable[[AuditRecord], str] = _json_line if options.format == "jsonl" else _csv_line
    with opened(settings) as services:
        if options.format == "csv":
            print(csv_line(COLUMNS), end="")
        wanted = AuditFilter(options.clinic, options.since, options.until)
        for row in services.audit.export(wanted, service("command")):
            print(line(row), end="")


def moment(text: str) -> int:
    """Return a day or a time as ms; raise ValueError, which argparse explains."""
    found = datetime.fromisoformat(text)
    return to_ms(found if found.tzinfo else found.replace(tzinfo=UTC))


def _values(row: AuditRecord) -> tuple[object, ...]:
    at = to_datetime(row.at).isoformat(timespec="milliseconds")
    return row.id, at, row.actor, row.role, row.action, row.clinic_id, row.fields, row.request_id


def _json_line(row: AuditRecord) -> str:
    return json.dumps(dict(zip(COLUMNS, _values(row), strict=True)), ensure_ascii=False) + "\n"


def _csv_line(row: AuditRecord) -> str:
    shown = [" ".join(value) if isinstance(value, list) else value for value in _values(row)]
    return csv_line("" if value is None else str(value) for value in shown)
