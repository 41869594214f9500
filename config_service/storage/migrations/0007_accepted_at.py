"""When a provider accepted a test email, which a probe tells; and an index of a clinic's newest ones."""

from typing import Any

_STATEMENTS = (
    "ALTER TABLE test_sends ADD COLUMN accepted_at BIGINT",
    "CREATE INDEX test_sends_clinic ON test_sends (clinic_id, created_at)",
)


def up(_: Any, db: Any) -> None:
    """Add both."""
    for statement in _STATEMENTS:
        db.execute_sql(statement)
