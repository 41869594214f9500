"""How much of a limit each key has used: one row a key, the same for all processes."""

from collections.abc import Sequence
from math import ceil

from pyrate_limiter import Decision, Rate, StateAlgorithm, StateStore

from config_service.storage.database import Database

_UPSERT = (
    "INSERT INTO rate_limits (key, state, expires_at) VALUES (?, ?, ?) "
    "ON CONFLICT (key) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at"
)


class RateStates:
    """The rows. pyrate-limiter's own SQLite and PostgreSQL buckets make a table for every key."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def of(self, key: str) -> StateStore:
        """Return where pyrate-limiter keeps what `key` has used."""
        return _RateState(self._db, key)

    def forget_idle(self, now: int) -> None:
        """Drop the rows that matter no more at `now` (ms)."""
        with self._db.reading():
            self._db.execute("DELETE FROM rate_limits WHERE expires_at <= ?", (now,))


class _RateState(StateStore):
    is_async = False

    def __init__(self, database: Database, key: str) -> None:
        self._db = database
        self._key = key

    def check(self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int) -> Decision:
        with self._db.transaction():
            self._db.lock([f"rate|{self._key}"])
            state, decision = algorithm.step(rates, self._stored(algorithm, rates, now), now, weight)
            if decision.allowed:
                text = ",".join(str(part) for part in state)
                self._db.execute(_UPSERT, (self._key, text, now + _life(rates)))
        return decision

    def read(self, algorithm: StateAlgorithm, rates: list[Rate]) -> tuple[float, ...]:
        found = self._row()
        return algorithm.decode(found[0].split(",")) if found else algorithm.initial(rates)

    def reset(self) -> None:
        with self._db.reading():
            self._db.execute("DELETE FROM rate_limits WHERE key = ?", (self._key,))

    def _stored(self, algorithm: StateAlgorithm, rates: list[Rate], now: int) -> tuple[float, ...]:
        found = self._row()
        # A row from far ahead was written before the clock was set back: nobody waits for that time again.
        if found is None or not now < found[1] <= now + 2 * _life(rates):
            return algorithm.initial(rates)
        return algorithm.decode(found[0].split(","))

    def _row(self) -> tuple[str, int] | None:
        with self._db.reading():
            sql = "SELECT state, expires_at FROM rate_limits WHERE key = ?"
            row = self._db.execute(sql, (self._key,)).fetchone()
        return (row[0], row[1]) if row else None


def _life(rates: Sequence[Rate]) -> int:
    """Return for how many ms a state matters: until its bucket has drained, and as long again."""
    return max(ceil(2 * rate.burst * rate.interval / rate.limit) for rate in rates)
