"""Test emails that were sent, by their own id and by SES's message id."""

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
        self, test_id: str, state: str, *, message_id: str | None = None, code: str | None = None
    ) -> None:
        """Write down what the provider said."""
        query = TestSend.update(state=state, message_id=message_id, code=code).where(TestSend.id == test_id)
        rows.run(self._db, query)

    def get(self, clinic_id: str, test_id: str) -> TestSendRecord | None:
        """Return one test send of the clinic, or None."""
        query = TestSend.select().where((TestSend.clinic_id == clinic_id) & (TestSend.id == test_id))
        return rows.fetch_one(self._db, query, TestSendRecord)

    def by_message_id(self, message_id: str) -> TestSendRecord | None:
        """Return the send that SES gave this message id, or None."""
        found = rows.select(self._db, TestSendRecord, "test_sends WHERE message_id = ?", (message_id,))
        return found[0] if found else None
