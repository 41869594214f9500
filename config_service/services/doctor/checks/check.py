"""One check: what it is called, and what it looks with."""

from collections.abc import Callable
from dataclasses import dataclass

from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome

Look = Callable[[Facts], Outcome | None]


@dataclass(frozen=True, slots=True)
class Check:
    """`look` returns None where the check has no sense for the target; it raises where it cannot look."""

    id: str
    title: str
    look: Look
