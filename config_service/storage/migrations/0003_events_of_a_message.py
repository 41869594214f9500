"""An index for the events of one message that `events_identity` leaves out."""

from typing import Any


def up(_: Any, db: Any) -> None:
    """Create it; such events (Send, Open, Click and the like) are few beside the others."""
    db.execute_sql("CREATE INDEX events_mail ON events (mail_message_id) WHERE identity IS NULL")
