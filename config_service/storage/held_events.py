"""Events that wait for their clinic."""

from collections.abc import Collection

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.event_models import HeldEvent
from config_service.storage.records import HeldEventRecord


class HeldEventRepository:
    """Reads and writes events that wait for their clinic."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def add(self, event: HeldEventRecord) -> bool:
        """Insert the event and return True; False where it is held already."""
        return rows.insert_new(self._db, "held_events", event)

    def get(self, event_id: int) -> HeldEventRecord | None:
        """Return one held event, or None."""
        return rows.fetch_one(self._db, HeldEvent.select().where(HeldEvent.id == event_id), HeldEventRecord)

    def among(self, event_ids: Collection[int]) -> set[int]:
        """Return which of these events are held."""
        sql = f"SELECT id FROM held_events WHERE id IN ({rows.marks(event_ids)})"
        with self._db.reading():
            return {row[0] for row in self._db.execute(sql, tuple(event_ids)).fetchall()}

    def remove(self, event_ids: Collection[int]) -> None:
        """Take these held events out."""
        if not event_ids:
            return
        with self._db.reading():
            sql = f"DELETE FROM held_events WHERE id IN ({rows.marks(event_ids)})"
            self._db.execute(sql, tuple(event_ids))

    def forget(self, recorded: Collection[tuple[str, str]]) -> None:
        """Take out what is held of messages that have been recorded: pairs of message id and hash."""
        of, values = rows.any_of(self._db, "sns_message_id", (message_id for message_id, _ in recorded))
        with self._db.reading():
            sql = f"SELECT id, sns_message_id, recipient_hash FROM held_events WHERE {of}"
            found = self._db.execute(sql, values).fetchall()
            self.remove([event_id for event_id, *place in found if tuple(place) in recorded])

    def page(self, after: int, limit: int) -> list[HeldEventRecord]:
        """Return held events in the order of their arrival, from the one behind `after` on."""
        query = HeldEvent.select().where(HeldEvent.id > after).order_by(HeldEvent.id).limit(limit)
        return rows.fetch(self._db, query, HeldEventRecord)

    def naming(self, values: Collection[str], limit: int) -> list[HeldEventRecord]:
        """Return held events whose source or topic is one of `values`, the oldest first."""
        wanted = sorted(values)
        query = HeldEvent.select().where(HeldEvent.source.in_(wanted) | HeldEvent.topic_arn.in_(wanted))
        return rows.fetch(self._db, query.order_by(HeldEvent.id).limit(limit), HeldEventRecord)

    def of_message(self, mail_message_id: str, limit: int) -> list[HeldEventRecord]:
        """Return what is held of one message by SES's message id, the oldest first."""
        query = HeldEvent.select().where(HeldEvent.mail_message_id == mail_message_id).order_by(HeldEvent.id)
        return rows.fetch(self._db, query.limit(limit), HeldEventRecord)

    def knows(self, event: HeldEventRecord, recipient_hashes: Collection[str]) -> bool:
        """Whether this event is held already, under whichever of the hashes."""
        sql = (
            "SELECT 1 FROM held_events WHERE sns_message_id = ? AND kind = ? "
            f"AND recipient_hash IN ({rows.marks(recipient_hashes)})"
        )
        with self._db.reading():
            return bool(
                self._db.execute(sql, (event.sns_message_id, event.kind, *recipient_hashes)).fetchone()
            )

    def count_of(self, topic_arn: str, most: int) -> int:
        """Return how many events of a topic are held, counting no further than `most`."""
        sql = "SELECT COUNT(*) FROM (SELECT 1 FROM held_events WHERE topic_arn = ? LIMIT ?) AS counted"
        with self._db.reading():
            return int(self._db.execute(sql, (topic_arn, most)).fetchone()[0])

    def count(self) -> dict[str, int]:
        """Return how many events are held, by the reason."""
        with self._db.reading():
            found = self._db.execute("SELECT rule, COUNT(*) FROM held_events GROUP BY rule").fetchall()
        return dict(found)
