"""So many in so long, for each key by itself, counted over all processes and machines."""

import hashlib
import threading
from math import ceil

from cachetools import LRUCache
from pyrate_limiter import GCRA, Rate, RateItem, StateBucket

from config_service.clock import Clock
from config_service.storage.rate_states import RateStates

MINUTE = 60 * 1000  # ms
HOUR = 60 * MINUTE

_REMEMBERED = 10_000  # keys


class RateLimit:
    """`limit` in `interval` ms: so many at once, and then one each time the interval's share has passed.

    A key that has used its share up is remembered, so that whoever goes on costs no query.
    """

    def __init__(self, name: str, rate: Rate, states: RateStates, clock: Clock) -> None:
        """Take a name that tells it from other limits, the rate, where it is counted, and a clock."""
        self._name = name
        self._rate = rate
        self._states = states
        self._clock = clock
        self._full: LRUCache[str, int] = LRUCache(_REMEMBERED)
        self._lock = threading.Lock()

    def take(self, key: str) -> int:
        """Take one for `key` and return 0; where none is left, return the seconds until one is.

        Raise StorageUnavailableError where that cannot be counted.
        """
        now = self._clock()
        with self._lock:
            wait = self._full.get(key, 0) - now
        if not 0 < wait <= self._rate.interval:
            wait = self._counted(key, now)
        return ceil(wait / 1000)

    def _counted(self, key: str, now: int) -> int:
        # Hashed, since a key may be of any length and name a person.
        stored = hashlib.sha256(f"{self._name}|{key}".encode(errors="surrogatepass")).hexdigest()
        bucket = StateBucket([self._rate], GCRA(), self._states.of(stored))
        item = RateItem(self._name, now)
        if bucket.put(item):
            return 0
        wait = bucket.waiting(item)
        assert isinstance(wait, int)  # an Awaitable comes of a store that is asynchronous
        with self._lock:
            self._full[key] = now + wait
        return wait
