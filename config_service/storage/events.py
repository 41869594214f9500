"""Recorded events, and the history from which an address's state follows."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import peewee as p

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.event_models import Event
from config_service.storage.records import EventRecord

_KEY = ("sns_message_id", "recipient_hash", "kind")  # no two recorded events have all three in common


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

    def add_all(self, events: Sequence[EventRecord]) -> list[bool]:
        """Insert the events; return for each, in their order, True, or False where it is recorded already."""
        key = attrgetter(*_KEY)
        new = set(rows.insert_all_new(self._db, "events", events, _KEY))
        added = []
        for event in events:
            added.append(key(event) in new)
            new.discard(key(event))  # the same event twice among them went in once
        return added

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

    def histories(self, hashes: Iterable[str], effects: Collection[str]) -> list[EventRecord]:
        """Return the events with one of `effects` that several addresses had, for all clinics."""
        of, values = rows.any_of(self._db, "recipient_hash", hashes)
        where = f"events WHERE {of} AND effect IN ({rows.marks(effects)}) AND effect <> ''"
        return rows.select(self._db, EventRecord, where, (*values, *effects))

    def of_message(self, mail_message_id: str) -> list[EventRecord]:
        """Return what is recorded of one message by SES's message id."""
        found: list[EventRecord] = []
        for kind in ("IS NOT NULL", "IS NULL"):  # each has an index of its own
            where = f"events WHERE mail_message_id = ? AND identity {kind}"
            found += rows.select(self._db, EventRecord, where, (mail_message_id,))
        return sorted(found, key=attrgetter("at", "id"))

    def remove(self, event_id: int) -> None:
        """Take an event out, to be recorded again for another clinic."""
        rows.run(self._db, Event.delete().where(Event.id == event_id))

    def page(self, clinic_id: str, wanted: EventFilter) -> list[EventRecord]:
        """Return a clinic's events, newest first."""
        query = Event.select().where(Event.clinic_id == clinic_id)
        if wanted.kind:
            query = query.where(Event.kind == wanted.kind)
        if wanted.before:
            # Compared as a pair, which the index answers: an OR would walk the list from its beginning.
            query = query.where(p.Tuple(Event.at, Event.id) < wanted.before)
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
        return self.latest_delivery_days([scope]).get(scope)

    def latest_delivery_days(self, scopes: Iterable[str]) -> dict[str, int]:
        """Return the same by scope, of those where any came in."""
        of, values = rows.any_of(self._db, "scope", scopes)
        with self._db.reading():
            cursor = self._db.execute(f"SELECT scope, day FROM deliveries_seen WHERE {of}", values)
            return dict(cursor.fetchall())
