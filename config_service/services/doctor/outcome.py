"""What a check function returns: how it ended, what it saw and, by its code, which remedy helps."""

from dataclasses import dataclass, field

from config_service.services.doctor.finding import Status


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check's answer before its remedy is put into words; `facts` fill the remedy's braces."""

    status: Status
    seen: str
    code: str = ""
    since: int | None = None
    facts: dict[str, str] = field(default_factory=dict)


def passed(seen: str) -> Outcome:
    """Return that all is well."""
    return Outcome(Status.PASS, seen)


def warned(code: str, seen: str, since: int | None = None, **facts: str) -> Outcome:
    """Return that something should be mended before it does harm."""
    return Outcome(Status.WARN, seen, code, since, facts)


def failed(code: str, seen: str, since: int | None = None, **facts: str) -> Outcome:
    """Return that something is broken."""
    return Outcome(Status.FAIL, seen, code, since, facts)


def unknown(seen: str, code: str = "", **facts: str) -> Outcome:
    """Return that nobody could look."""
    return Outcome(Status.UNKNOWN, seen, code, None, facts)
