"""Time as it is stored: milliseconds since 1970 in UTC."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]

DAY = 24 * 60 * 60 * 1000  # ms
_LAST = 253_402_300_799_999  # the last ms that a datetime can hold, in the year 9999


def now() -> int:
    """Return the present."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Return an aware datetime as stored time."""
    return int(moment.timestamp() * 1000)


def to_datetime(ms: int) -> datetime:
    """Return stored time as an aware datetime; what lies behind the year 9999 is shown as its end.

    A sender's time there can come with a time zone that takes it further, or have a month added.
    """
    return datetime.fromtimestamp(min(ms, _LAST) / 1000, UTC)
