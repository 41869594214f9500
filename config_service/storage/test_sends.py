"""Test emails that were sent, by their own id and by SES's message id."""

from collections.abc import Iterable

from config_service.storage import rows
from config_service.storage.database import Database
from config_service.storage.models import TestSend
from config_service.storage.records import TestSendRecord


class TestSendRepository:
    """Reads and writes test sends."""

    __test__ = False  # for pytest: not a test in spite of its name

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def add(self, send: TestSendRecord) -> None:
        """Write down a send before the provider is asked."""
        rows.insert(self._db, TestSend, send)

    def finish(
        self,
        test_id: str,
        state: str,
        *,
        message_id: str | None = None,
        accepted_at: int | None = None,
        code: str | None = None,
    ) -> None:
        """Write down what the provider said, and when (ms) it took the mail."""
        answer = {"state": state, "message_id": message_id, "accepted_at": accepted_at, "code": code}
        rows.run(self._db, TestSend.update(answer).where(TestSend.id == test_id))

    def get(self, clinic_id: str, test_id: str) -> TestSendRecord | None:
        """Return one test send of the clinic, or None."""
        query = TestSend.select().where((TestSend.clinic_id == clinic_id) & (TestSend.id == test_id))
        return rows.fetch_one(self._db, query, TestSendRecord)

    def newest(self, clinic_id: str, limit: int) -> list[TestSendRecord]:
        """Return the clinic's newest test sends."""
        query = TestSend.select().where(TestSend.clinic_id == clinic_id)
        return rows.fetch(self._db, query.order_by(TestSend.created_at.desc()).limit(limit), TestSendRecord)

    def by_message_id(self, message_id: str) -> TestSendRecord | None:
        """Return the send that SES gave this message id, or None."""
        return self.by_message_ids([message_id]).get(message_id)

    def by_message_ids(self, message_ids: Iterable[str]) -> dict[str, TestSendRecord]:
        """Return the sends that SES gave one of these message ids, by that id."""
        of, values = rows.any_of(self._db, "message_id", message_ids)
        found = rows.select(self._db, TestSendRecord, f"test_sends WHERE {of}", values)
        return {send.message_id: send for send in found if send.message_id}
