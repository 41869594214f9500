"""The end state beside the prediction: what was lost, doubled or suppressed wrongly."""

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg

from chaos.model import Counted, Entry, Prediction

_ROWS = "SELECT clinic_id, mail_message_id, kind, COUNT(*) FROM events GROUP BY 1, 2, 3"
_SHOWN = 5  # examples of each fault

Lists = dict[str | None, dict[str, Entry]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many events are missing or too many, and every complaint in words."""

    lost: int
    doubled: int
    complaints: tuple[str, ...]


def recorded(database_url: str) -> Counter[Counted]:
    """Return how many rows of each event the database holds."""
    if database_url.startswith("sqlite:///"):
        with closing(sqlite3.connect(Path(database_url.removeprefix("sqlite:///")))) as connection:
            rows = connection.execute(_ROWS).fetchall()
    else:
        with psycopg.connect(database_url) as connection:
            rows = connection.execute(_ROWS).fetchall()
    return Counter({Counted(*row[:3]): row[3] for row in rows})


def judge(predicted: Prediction, found: Counter[Counted], held: int, lists: Lists) -> Verdict:
    """Compare everything."""
    missing, too_many = predicted.events - found, found - predicted.events
    complaints = [
        *(f"lost: {count} of {event}" for event, count in list(missing.items())[:_SHOWN]),
        *(f"too many: {count} of {event}" for event, count in list(too_many.items())[:_SHOWN]),
    ]
    if held != predicted.held:
        complaints.append(f"{held} events are held, {predicted.held} should be")
    for clinic, shown in lists.items():
        complaints += _of_list(clinic or "the platform", predicted.suppressed.get(clinic, {}), shown)
    return Verdict(missing.total(), too_many.total(), tuple(complaints))


def _of_list(whose: str, expected: dict[str, Entry], shown: dict[str, Entry]) -> list[str]:
    differing = sorted(
        address for address in expected.keys() | shown.keys() if expected.get(address) != shown.get(address)
    )
    return [
        f"the list of {whose}: {address} is {shown.get(address)}, should be {expected.get(address)}"
        for address in differing[:_SHOWN]
    ]
