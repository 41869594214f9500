"""All breakages, and how several of them can be played at once."""

from collections.abc import Iterator
from itertools import chain, zip_longest

from breakages import (
    of_account,
    of_dead_letters,
    of_identity,
    of_publishing,
    of_settings,
    of_subscription,
    of_topic,
)
from breakages.breakage import Breakage

# Breakages of one row may hide each other, those of different rows do not: but for some that hide all.
_ROWS: tuple[tuple[Breakage, ...], ...] = (
    (*of_subscription.BREAKAGES, *of_dead_letters.BREAKAGES),
    of_topic.BREAKAGES,
    of_publishing.BREAKAGES,
    of_identity.BREAKAGES,
    of_account.BREAKAGES,
    of_settings.BREAKAGES,
)
EVERY_BREAKAGE: tuple[Breakage, ...] = tuple(chain(*_ROWS))


def rounds() -> Iterator[tuple[Breakage, ...]]:
    """Yield all breakages, together those that do not hide each other."""
    rows = ([each for each in row if not each.alone] for row in _ROWS)
    for together in zip_longest(*rows):
        yield tuple(each for each in together if each)
    for each in EVERY_BREAKAGE:
        if each.alone:
            yield (each,)
