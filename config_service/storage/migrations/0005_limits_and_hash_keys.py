"""What limits are counted in, an index for the ceiling of held events, and what hash keys are rotated by."""

from typing import Any

_STATEMENTS = (
    # How much of a limit each key has used, as the limit's algorithm keeps it, and when it matters no more.
    """CREATE TABLE rate_limits (
        key TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL, expires_at BIGINT NOT NULL)""",
    "CREATE INDEX held_events_topic ON held_events (topic_arn)",
    # The keys under which addresses have been hashed, each with what only that key makes.
    "CREATE TABLE address_hash_keys (id TEXT NOT NULL PRIMARY KEY, proof TEXT NOT NULL)",
    # Without it an address that was taken off its list could not be hashed anew.
    "ALTER TABLE suppression_acts ADD COLUMN address_sealed TEXT",
)


def up(_: Any, db: Any) -> None:
    """Create them."""
    for statement in _STATEMENTS:
        db.execute_sql(statement)
