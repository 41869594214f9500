"""Plays a breakage: makes it, asks the doctor, repairs it, and asks again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from breakages.breakage import Breakage, Finding
from breakages.loop import Loop

_WELL, _UNSEEN = "pass", "unknown"


@dataclass(frozen=True)
class Trial:
    """What came of a breakage: the finding that named it, how it was repaired, and what to complain of."""

    named: Finding
    repair: str
    complaints: tuple[str, ...]


def troubles(loop: Loop) -> list[Finding]:
    """Return the checks that found something wrong, or could not look."""
    return [each for each in loop.health() if each["status"] != _WELL]


def play(breakage: Breakage, loop: Loop) -> Trial:
    """Return the trial of a breakage in a loop that is well; afterwards it should be well again."""
    breakage.make(loop)
    found = troubles(loop)
    named = named_by(breakage, found)
    repair = breakage.repair(loop, named) if named["code"] else "nobody knows how"
    left = (f"after the repair {_shortly(each)}" for each in troubles(loop))
    return Trial(named, repair, (*complaints_about((breakage,), found), *left))


def named_by(breakage: Breakage, found: Sequence[Finding]) -> Finding:
    """Return the finding that should name a breakage, an empty one where its check found nothing."""
    nothing = {"id": breakage.check, "status": _WELL, "seen": "", "code": "", "remedy": "", "command": ""}
    return next((each for each in found if each["id"] == breakage.check), nothing)


def complaints_about(breakages: Sequence[Breakage], found: Sequence[Finding]) -> Iterator[str]:
    """Yield what the doctor should have said of them, and what it said of parts that are well."""
    for breakage in breakages:
        named = named_by(breakage, found)
        wanted, got = (breakage.status, breakage.code), (named["status"], named["code"])
        if got != wanted:
            yield f"{breakage.title}: the doctor should say {wanted} of {breakage.check}, and says {got}"
    known = {check for each in breakages for check in (each.check, *each.with_it)}
    for each in found:
        if each["id"] not in known and each["status"] != _UNSEEN:
            yield f"the doctor also says {_shortly(each)}"


def _shortly(finding: Finding) -> str:
    return f"{finding['status']} {finding['id']}: {finding['seen']}"
