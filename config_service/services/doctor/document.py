"""A report as the API answers it and the command prints it with --json."""

from typing import Any

from config_service.clock import to_datetime
from config_service.services.doctor.finding import Finding, Report


def report_document(report: Report) -> dict[str, Any]:
    """Return JSON's own types, with times in ISO 8601."""
    return {
        "clinicId": report.clinic_id,
        "status": str(report.status),
        "checkedAt": to_datetime(report.checked_at).isoformat(),
        "tookMs": report.took_ms,
        "counts": report.counts,
        "checks": [_finding(each) for each in report.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.check,
        "title": finding.title,
        "status": str(finding.status),
        "seen": finding.seen,
        "since": None if finding.since is None else to_datetime(finding.since).isoformat(),
        "code": finding.code or None,
        "remedy": finding.remedy or None,
        "command": finding.command or None,
    }
