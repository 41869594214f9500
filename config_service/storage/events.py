"""Recorded events and the history from which an address's state follows, and held events."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.event_models import Event, HeldEvent
from config_service.storage.records import EventRecord, HeldEventRecord


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a list shows: of one kind, and older than (`at`, `id`) of the page before."""

    kind: str | None = None
    before: tuple[int, int] | None = None
    limit: int = 50


class EventRepository:
    """Reads and writes events that have found their clinic (or the platform)."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def add(self, event: EventRecord) -> bool:
        """Insert the event and return True; False where it is recorded already."""
        return rows.insert_new(self._db, "events", event)

    def lock_messages(self, mail_message_ids: Iterable[str]) -> None:
        """Keep others from asking whose these messages are until the transaction ends.

        Always before addresses are locked, so that no two transactions wait for each other.
        """
        self._db.lock(f"message|{found}" for found in mail_message_ids)

    def knows(self, sns_message_id: str, recipient_hashes: Collection[str]) -> bool:
        """Whether this recipient of this SNS message is recorded already."""
        sql = (
            "SELECT 1 FROM events WHERE sns_message_id = ? "
            f"AND recipient_hash IN ({rows.marks(recipient_hashes)})"
        )
        with self._db.reading():
            return bool(self._db.execute(sql, (sns_message_id, *recipient_hashes)).fetchone())

    def knows_same(self, event: EventRecord, recipient_hashes: Collection[str]) -> bool:
        """Whether another SNS message has reported the same event of the same message and recipient."""
        sql = (
            "SELECT 1 FROM events WHERE mail_message_id = ? AND identity = ? AND COALESCE(clinic_id, '') = ? "
            f"AND recipient_hash IN ({rows.marks(recipient_hashes)})"
        )
        same = (event.mail_message_id, event.identity, event.clinic_id or "")
        with self._db.reading():
            return bool(self._db.execute(sql, (*same, *recipient_hashes)).fetchone())

    def history(
        self, clinic_id: str | None, hashes: Sequence[str], effects: Collection[str], since: int = 0
    ) -> list[EventRecord]:
        """Return the events with one of `effects` that one address had for one clinic or the platform."""
        # "effect <> ''" is what the partial index asks for.
        where = (
            f"events WHERE recipient_hash IN ({rows.marks(hashes)}) AND effect IN ({rows.marks(effects)}) "
            "AND effect <> '' AND at >= ? AND COALESCE(clinic_id, '') = ?"
        )
        return rows.select(self._db, EventRecord, where, (*hashes, *effects, since, clinic_id or ""))

    def of_message(self, mail_message_id: str) -> list[EventRecord]:
        """Return what is recorded of one message by SES's message id."""
        query = Event.select().where(Event.mail_message_id == mail_message_id).order_by(Event.at, Event.id)
        return rows.fetch(self._db, query, EventRecord)

    def remove(self, event_id: int) -> None:
        """Take an event out, to be recorded again for another clinic."""
        rows.run(self._db, Event.delete().where(Event.id == event_id))

    def page(self, clinic_id: str, wanted: EventFilter) -> list[EventRecord]:
        """Return a clinic's events, newest first."""
        query = Event.select().where(Event.clinic_id == clinic_id)
        if wanted.kind:
            query = query.where(Event.kind == wanted.kind)
        if wanted.before:
            at, event_id = wanted.before
            query = query.where((Event.at < at) | ((Event.at == at) & (Event.id < event_id)))
        newest_first = query.order_by(Event.at.desc(), Event.id.desc())
        return rows.fetch(self._db, newest_first.limit(wanted.limit), EventRecord)

    def note_delivery(self, scope: str, day: int) -> None:
        """Remember the latest day for which a Delivery of `scope` came in."""
        with self._db.reading():
            self._db.execute(
                "INSERT INTO deliveries_seen (scope, day) VALUES (?, ?) ON CONFLICT (scope) "
                "DO UPDATE SET day = excluded.day WHERE excluded.day > deliveries_seen.day",
                (scope, day),
            )

    def latest_delivery_day(self, scope: str) -> int | None:
        """Return the latest day (since 1970) for which a Delivery of `scope` came in."""
        with self._db.reading():
            row = self._db.execute("SELECT day FROM deliveries_seen WHERE scope = ?", (scope,)).fetchone()
        return int(row[0]) if row else None


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

    def remove(self, event_id: int) -> bool:
        """Take a held event out and return whether it was there."""
        return bool(rows.run(self._db, HeldEvent.delete().where(HeldEvent.id == event_id)))

    def forget(self, sns_message_id: str, recipient_hashes: Collection[str]) -> None:
        """Take out what is held of a message that has been recorded meanwhile."""
        sql = (
            "DELETE FROM held_events WHERE sns_message_id = ? "
            f"AND recipient_hash IN ({rows.marks(recipient_hashes)})"
        )
        with self._db.reading():
            self._db.execute(sql, (sns_message_id, *recipient_hashes))

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

    def count(self) -> dict[str, int]:
        """Return how many events are held, by the reason."""
        with self._db.reading():
            found = self._db.execute("SELECT rule, COUNT(*) FROM held_events GROUP BY rule").fetchall()
        return dict(found)
