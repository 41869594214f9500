"""What a check says, and what all of them say together."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended; `unknown` where it could not look, so that nothing is called broken for that."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


# From the best to the worst: what could not be looked at weighs less than what was seen to be wrong.
_BY_WEIGHT = (Status.PASS, Status.UNKNOWN, Status.WARN, Status.FAIL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer; `code` names its row in the catalogue of remedies, empty where all is well.

    `since` is in ms, None where nobody knows. `command` is what mends it, or shows more.
    """

    check: str
    title: str
    status: Status
    seen: str
    since: int | None = None
    code: str = ""
    remedy: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about one clinic or, where `clinic_id` is None, about the platform's own account."""

    clinic_id: str | None
    checked_at: int
    took_ms: int
    findings: tuple[Finding, ...]

    @property
    def status(self) -> Status:
        """The worst of its findings."""
        return worst(each.status for each in self.findings)

    @property
    def counts(self) -> dict[str, int]:
        """How many findings ended in which way."""
        return {status: sum(each.status == status for each in self.findings) for status in Status}


def worst(statuses: Iterable[Status]) -> Status:
    """Return the one that weighs most; `pass` where there are none."""
    return max(statuses, key=_BY_WEIGHT.index, default=Status.PASS)
