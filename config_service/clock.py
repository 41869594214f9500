"""Time as it is stored: milliseconds since 1970 in UTC."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]

DAY = 24 * 60 * 60 * 1000  # ms


def now() -> int:
    """Return the present."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Return an aware datetime as stored time."""
    return int(moment.timestamp() * 1000)


def to_datetime(ms: int) -> datetime:
    """Return stored time as an aware datetime."""
    return datetime.fromtimestamp(ms / 1000, UTC)
