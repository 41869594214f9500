"""The suppression list equals a tiny model of the rules, whatever arrives in whatever order and how often."""

from dataclasses import dataclass
from typing import Any

from core_kit import PATIENT, ROOT, START, codes, event, give_ses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config_service.clock import DAY
from config_service.services.services import Services
from config_service.storage.suppressions import SuppressionFilter
from shared.internal_api import FeedbackEvent

LIMIT = 5
WINDOW = 30 * DAY
ZERO = int(START.timestamp() * 1000)
_KINDS: dict[str, dict[str, Any]] = {
    "permanent": {"bounce_type": "Permanent"},
    "soft": {"bounce_type": "Transient", "sub_type": "MailboxFull"},
    "complaint": {"kind": "Complaint"},
    "delivery": {"kind": "Delivery"},
    "out of office": {"bounce_type": "Transient", "sub_type": "General"},
    "not spam": {"kind": "Complaint", "sub_type": "not-spam"},
}
_OFTEN = ["soft"] * 8 + ["delivery"] + list(_KINDS)


@dataclass(frozen=True)
class Happening:
    """An event, or what a person does, on its own day."""

    what: str
    day: int

    @property
    def at(self) -> int:
        return ZERO + self.day * DAY


def expected(events: list[Happening], adds: list[int], removes: list[int], now: int) -> list[str]:
    """Say what the design says, by brute force."""
    removed = max(removes, default=-1)
    alive = sorted((found.at, found.what) for found in events if found.at > removed)
    kinds = {what for _, what in alive}
    if "complaint" in kinds:
        return ["complaint"]
    if "permanent" in kinds:
        return ["hard_bounce"]
    if any(at > removed for at in adds):
        return ["manual"]
    ends = [at for at, what in alive if what == "soft" and _row(alive, at) >= LIMIT]
    seen = max((found.at // DAY for found in events if found.what == "delivery"), default=-1)
    in_force = ends and ends[-1] + WINDOW > now and seen >= (ends[-1] - WINDOW) // DAY
    return ["soft_bounce"] if in_force else []


def _row(alive: list[tuple[int, str]], end: int) -> int:
    last = max((at for at, what in alive if what == "delivery" and at <= end), default=-1)
    return sum(what == "soft" and max(last, end - WINDOW + 1) <= at <= end for at, what in alive)


_HAPPENINGS = st.lists(
    st.builds(Happening, st.sampled_from([*_OFTEN, "add", "remove"]), st.integers(0, 60)),
    max_size=14,
    unique_by=lambda found: found.day,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), _HAPPENINGS, st.integers(0, 95))
def test_the_list_is_what_the_rules_make_of_all_that_happened(
    services: Services,
    clock: Any,
    email_providers: Any,
    data: st.DataObject,
    happened: list[Happening],
    today: int,
) -> None:
    clinic = f"c{next(_numbers)}"  # a new one for every example
    source = f"noreply@{clinic}.example"
    give_ses(services, clinic, fromEmail=source)
    arriving = happened + data.draw(st.lists(st.sampled_from(happened), max_size=6)) if happened else []
    events, adds, removes = [], [], []
    reported: dict[Happening, FeedbackEvent] = {}
    for what in data.draw(st.permutations(arriving)):
        clock.now = what.at
        if what.what == "add":
            services.suppressions.add(clinic, PATIENT, ROOT)
            # What a person adds now counts, also where the removal's time lies ahead.
            adds.append(max([what.at, *(at + 1 for at in removes)]))
        elif what.what == "remove":
            # A removal never lies before what it removes.
            latest = max(
                [what.at, *adds, *removes, *(found.at for found in events if found.what in _TELLING)]
            )
            removes += [latest] if _remove(services, clinic) else []
        else:
            fields = {
                "source": source,
                "days": what.day,
                "mail_message_id": f"{clinic}-{what.day}",
                **_KINDS[what.what],
            }
            again = data.draw(st.booleans()) and what in reported
            reported.setdefault(what, event(**fields))
            services.feedback.record([reported[what] if again else event(**fields)])
            events += [] if what in events else [what]
    clock.now = ZERO + today * DAY
    assert codes(services, clinic) == expected(events, adds, removes, clock.now)


_TELLING = {"permanent", "soft", "complaint", "delivery"}
_numbers = iter(range(10**9))


def _remove(services: Services, clinic: str) -> bool:
    page = services.suppressions.page(clinic, SuppressionFilter(now=0))[0]
    for entry in page:
        services.suppressions.remove(clinic, entry.id, ROOT, "a note", consent=True)
    return bool(page)
