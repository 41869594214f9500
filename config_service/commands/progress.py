"""What the commands that rotate keys print: how far they are, and which key can be taken away."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence

from config_service.encryption import NamedKey
from config_service.services.resealing import Progress

_EVERY = 1.0  # seconds


def show(steps: Iterable[Progress], done: str) -> None:
    """Print a line a second, and one at the end of each table in which something was changed."""
    last = Progress("", 0, 0)
    printed = time.monotonic()
    try:
        for step in steps:
            if last.what != step.what:
                _end(last, done)
            elif time.monotonic() - printed >= _EVERY:
                _print(step, done)
                printed = time.monotonic()
            last = step
    finally:  # what was done was done, however it ends
        _end(last, done)


def verdict(setting: str, keys: Sequence[NamedKey], left: Counter[str]) -> bool:
    """Print how much is under each key, and which ones must stay; return whether all older ones can go."""
    current, *older = [key.id for key in keys]
    for key_id in [current, *sorted(left.keys() - {current})]:
        print(f"under key {key_id}: {left[key_id]}")
    for key_id in older:
        stays = f"must stay in {setting}" if left[key_id] else f"can be taken out of {setting}"
        print(f"Key {key_id} {stays}.")
    for key_id in sorted(left.keys() - {current, *older}):
        print(f"Key {key_id} is missing in {setting}: add it again, behind the others.")
    return not left.keys() - {current}


def _end(step: Progress, done: str) -> None:
    if step.changed:
        _print(step, done)


def _print(step: Progress, done: str) -> None:
    print(f"{done}: {step.changed} {step.what} (of {step.seen} looked at)", flush=True)
