"""Recorded events from the oldest on, to be removed once nothing needs them any more."""

from collections.abc import Sequence
from dataclasses import dataclass

from config_service.storage import rows
from config_service.storage.database import Database


@dataclass(frozen=True, slots=True)
class OldEvent:
    """What decides whether an event goes; `of_test` where it says what became of a test email."""

    id: int
    clinic_id: str | None
    recipient_hash: str
    effect: str
    at: int
    received_at: int
    recipient_sealed: str | None
    of_test: bool


class OldEventRepository:
    """Walks over events in the order of their arrival, which needs no index beside the table's own."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def lock(self) -> None:
        """Keep others from removing old events until the transaction ends."""
        self._db.lock(["config_service.old_events"])

    def page(self, after: int, limit: int) -> list[OldEvent]:
        """Return the events behind the one with the id `after`."""
        of_test = "EXISTS (SELECT 1 FROM test_sends WHERE message_id = events.mail_message_id)"
        names = "id, clinic_id, recipient_hash, effect, at, received_at, recipient_sealed"
        with self._db.reading():
            sql = f"SELECT {names}, {of_test} FROM events WHERE id > ? ORDER BY id LIMIT ?"
            return [OldEvent(*row) for row in self._db.execute(sql, (after, limit)).fetchall()]

    def remove(self, ids: Sequence[int]) -> None:
        """Remove these events."""
        with self._db.reading():
            self._db.execute(f"DELETE FROM events WHERE id IN ({rows.marks(ids)})", tuple(ids))

    def held_before(self, received_at: int) -> int:
        """Return how many held events came in before then (ms)."""
        with self._db.reading():
            sql = "SELECT COUNT(*) FROM held_events WHERE received_at < ?"
            return int(self._db.execute(sql, (received_at,)).fetchone()[0])
