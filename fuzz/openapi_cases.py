"""What schemathesis makes of an OpenAPI document: values that its schemas allow, and such as they do not."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.schemas import BaseSchema

from fuzz.answers import faults
from fuzz.exchanges import Answer, Request


@dataclass
class Asked:
    """How often one operation was asked, and what was wrong."""

    operation: str
    documented: frozenset[str]
    times: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def ask(self, case: Case, **call: Any) -> None:
        """Send one case and look at the answer."""
        self.times += 1
        found = case.call(**call)
        self.statuses[found.status_code] += 1
        named = {name.lower(): ", ".join(values) for name, values in found.headers.items()}
        request = Request(case.method, case.formatted_path, repr(case.body).encode())
        answer = Answer(found.status_code, named, found.content)
        self.faults += [f"{request}: {fault}" for fault in faults(request, answer, self.documented)]


def ask_every_operation(
    schema: BaseSchema, documented: frozenset[str], examples: int, without: tuple[str, ...] = (), **call: Any
) -> Iterator[Asked]:
    """Ask each operation `examples` times, as often within its schema as outside it, and yield what was seen.

    Operations whose paths end with one of `without` are left alone.
    `call` (headers, a base URL) goes to schemathesis with every case.
    """
    if without:
        schema = schema.exclude(path_regex=f"({'|'.join(map(re.escape, without))})$")
    for result in schema.get_all_operations():
        operation = result.ok()
        asked = Asked(operation.label, documented)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _draw(operation.as_strategy(mode), examples // 2, asked, call)
        yield asked


def _draw(strategy: SearchStrategy[Case], examples: int, asked: Asked, call: dict[str, Any]) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def ask(case: Case) -> None:
        asked.ask(case, **call)

    try:
        ask()
    except Unsatisfiable:  # an operation without a body or a parameter cannot be asked wrongly
        return
