"""What tests do until something has happened in another thread or process."""

import time
from collections.abc import Callable

_SECONDS = 30  # for others to get where they must get; none needs them


def await_that(true: Callable[[], bool]) -> None:
    """Return as soon as it is so."""
    give_up_at = time.monotonic() + _SECONDS
    while not true():
        assert time.monotonic() < give_up_at
        time.sleep(0.002)
