"""Clock steps: the services' wall clock jumps while they run, by libfaketime, where that is installed.

https://github.com/wolfcw/libfaketime (on Debian: apt-get install faketime)
"""

import os
import select
import sys
import time
from pathlib import Path

_NAME = "libfaketimeMT.so.1"  # the one for programs with threads
_PLACES = (Path("/usr/lib"), Path("/usr/local/lib"), Path("/usr/lib64"))
SECONDS_UNTIL_SEEN = 1


def library() -> Path | None:
    """Return libfaketime, or None where it is not installed."""
    if sys.platform != "linux":
        return None
    candidates = (
        each
        for place in _PLACES
        for each in (*place.glob(f"*/faketime/{_NAME}"), *place.glob(f"faketime/{_NAME}"))
    )
    return next(candidates, None)


class Clock:
    """The services' clock: true until it is stepped."""

    def __init__(self, file: Path, library: Path | None) -> None:
        """Take the file that holds the offset, and libfaketime."""
        self._file = file
        self._library = library
        self.step(0)

    def environment(self) -> dict[str, str]:
        """Return what makes a process go by this clock; its monotonic clock stays what it is."""
        if self._library is None:
            return {}
        return {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": str(SECONDS_UNTIL_SEEN),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def step(self, seconds: int) -> None:
        """Put the clock that many seconds off the true time."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self._file)


def mend_sleep() -> None:
    """Keep `time.sleep` working under libfaketime 0.9.10.

    Since Python 3.11 it waits until a moment of the monotonic clock, which that version mistakes for one of
    the wall clock; the time limits of select it leaves alone. https://github.com/wolfcw/libfaketime/issues/426
    """
    if _NAME in os.environ.get("LD_PRELOAD", ""):
        time.sleep = lambda seconds: select.select([], [], [], seconds) and None  # type: ignore[assignment]
