"""What was sent and heard last, asked so that it costs the same however much is stored."""

from collections.abc import Collection

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.models import TestSend
from config_service.storage.records import TestSendRecord

_LOOKED_THROUGH = 2000  # events, from the newest on
MOST_COUNTED = 1000


class Activity:
    """Reads events, held events and test sends. Times are ms."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def newest_of_clinic(self, clinic_id: str) -> int | None:
        """Return when the clinic's newest event happened."""
        return self._number("SELECT MAX(at) FROM events WHERE clinic_id = ?", (clinic_id,))

    def newest_of_topics(self, topic_arns: Collection[str]) -> int | None:
        """Return when the last event came by one of the topics, if that is among the newest of all."""
        found = []
        for table in ("events", "held_events"):
            newest = f"SELECT topic_arn, at FROM {table} ORDER BY id DESC LIMIT {_LOOKED_THROUGH}"
            where = f"topic_arn IN ({rows.marks(topic_arns)})"
            sql = f"SELECT MAX(at) FROM ({newest}) AS newest WHERE {where}"
            found.append(self._number(sql, tuple(topic_arns)))
        return max((at for at in found if at is not None), default=None)

    def held_of(self, values: Collection[str]) -> tuple[int, int | None]:
        """Return how many held events have one of `values` as source or topic, and when the first came.

        No more than MOST_COUNTED are looked at.
        """
        named = rows.marks(values)
        sql = (
            "SELECT COUNT(*), MIN(received_at) FROM (SELECT received_at FROM held_events "
            f"WHERE source IN ({named}) OR topic_arn IN ({named}) ORDER BY id LIMIT {MOST_COUNTED}) AS held"
        )
        with self._db.reading():
            count, first = self._db.execute(sql, (*values, *values)).fetchone()
        return int(count), first

    def held_at_all(self) -> tuple[int, int | None]:
        """Return how many events are held, and when the first of them came; no more than MOST_COUNTED."""
        sql = (
            "SELECT COUNT(*), MIN(received_at) FROM "
            f"(SELECT received_at FROM held_events ORDER BY id LIMIT {MOST_COUNTED}) AS held"
        )
        with self._db.reading():
            count, first = self._db.execute(sql, ()).fetchone()
        return int(count), first

    def last_test(self, clinic_id: str, provider: str) -> TestSendRecord | None:
        """Return the clinic's newest test email by this provider."""
        mine = (TestSend.clinic_id == clinic_id) & (TestSend.provider == provider)
        newest_first = TestSend.select().where(mine).order_by(TestSend.created_at.desc())
        return rows.fetch_one(self._db, newest_first, TestSendRecord)

    def _number(self, sql: str, values: tuple[str, ...]) -> int | None:
        with self._db.reading():
            found = self._db.execute(sql, values).fetchone()[0]
        return None if found is None else int(found)
