"""Reads single values out of SES's documents, which nothing but their senders vouches for."""

from datetime import UTC, datetime
from typing import Any

MAX_TEXT = 1000  # characters kept of a remote server's explanation


class UnreadableError(Exception):
    """The text is an SES event that lacks what its kind must have."""


def part(found: Any, name: str) -> dict[str, Any]:
    """Return what was found as an event's object `name`; raise UnreadableError where it is no object."""
    if not isinstance(found, dict):
        raise UnreadableError(f"the event has no {name} object")
    return found


def items(part: dict[str, Any], name: str) -> list[Any]:
    """Return the list `name`, which holds something; raise UnreadableError where it does not."""
    found = part.get(name)
    if not isinstance(found, list) or not found:
        raise UnreadableError(f"the event has no {name}")
    return found


def text(value: Any) -> str | None:
    """Return a text that can be stored, cut to MAX_TEXT characters, or None."""
    if not isinstance(value, str):
        return None
    # JSON can spell what a database's text cannot hold: a NUL, and half a surrogate pair.
    kept = value[:MAX_TEXT].replace("\0", "")
    return (kept if kept.isascii() else kept.encode("utf-8", "replace").decode()) or None


def time(value: Any) -> datetime | None:
    """Return a timestamp as an aware datetime, or None where it is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
