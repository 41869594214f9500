"""When a provider accepted a test email, so that a probe can tell how long it took."""

from typing import Any


def up(_: Any, db: Any) -> None:
    """Add the column."""
    db.execute_sql("ALTER TABLE test_sends ADD COLUMN accepted_at BIGINT")
