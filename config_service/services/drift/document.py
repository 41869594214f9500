"""What drifted apart, and what was done about it, as the API answers and the command prints with --json.

Addresses are masked for machines, too: what is printed by a job stays in its log.
"""

from collections.abc import Iterable
from typing import Any

from config_service.clock import to_datetime
from config_service.providers.suppressed_destinations import SuppressedDestination
from config_service.services.drift.comparison import OnlyHere, RemovedHere
from config_service.services.drift.drift import DriftReport
from config_service.services.drift.repair import Repaired
from shared.addresses import mask_addresses

MOST_NAMED = 100  # of each kind; the counts are of all


def drift_document(report: DriftReport) -> dict[str, Any]:
    """Return JSON's own types, with times in ISO 8601."""
    lists, found = report.lists, report.difference
    return {
        "account": lists.account_id,
        "region": lists.region,
        "shared": lists.shared,
        "clinics": len(lists.clinic_ids),
        "atSes": found.at_ses,
        "inBoth": found.in_both,
        "onlyAtSes": _counted(len(found.only_at_ses), map(_theirs, found.only_at_ses[:MOST_NAMED])),
        "removedHere": _counted(len(found.removed_here), map(_removed, found.removed_here[:MOST_NAMED])),
        "onlyHere": _counted(len(found.only_here), map(_ours, found.only_here[:MOST_NAMED])),
    }


def repair_document(repaired: Repaired) -> dict[str, Any]:
    """Return JSON's own types."""
    left = [{"email": email, "why": why} for email, why in repaired.left[:MOST_NAMED]]
    return {
        "dryRun": repaired.dry_run,
        "addedHere": repaired.added_here,
        "deletedAtSes": repaired.deleted_at_ses,
        "putToSes": repaired.put_to_ses,
        "left": _counted(len(repaired.left), left),
    }


def _counted(count: int, named: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"count": count, "addresses": list(named)}


def _theirs(found: SuppressedDestination) -> dict[str, Any]:
    return {
        "email": mask_addresses(found.address),
        "reason": found.reason,
        "since": to_datetime(found.since).isoformat(),
    }


def _removed(found: RemovedHere) -> dict[str, Any]:
    return {**_theirs(found.destination), "repairable": found.allowed}


def _ours(found: OnlyHere) -> dict[str, Any]:
    return {
        "email": mask_addresses(found.address) if found.address else None,
        "reason": found.reason,
        "since": to_datetime(found.since).isoformat(),
    }
