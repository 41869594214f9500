"""Where a list goes on: opaque to callers, and checked when it comes back."""

import base64
import binascii

from config_service.errors import InvalidError

LARGEST = 2**63 - 1  # the largest number that a column holds


def encode(*place: int | str) -> str:
    """Return a cursor for the place behind the last row of a page."""
    return base64.urlsafe_b64encode(":".join(map(str, place)).encode()).decode().rstrip("=")


def decode(cursor: str | None) -> tuple[int, str] | None:
    """Return the (number, id) in a cursor, or None without one; raise InvalidError for another's text."""
    if not cursor:
        return None
    try:
        number, _, row_id = (
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        )
        place = int(number)
    except (binascii.Error, ValueError):
        raise _not_ours() from None
    if not 0 <= place <= LARGEST:
        raise _not_ours()
    return place, row_id


def decode_numbers(cursor: str | None) -> tuple[int, int] | None:
    """Return the two numbers in a cursor; raise InvalidError for another's text."""
    place = decode(cursor)
    if place is None:
        return None
    if not place[1].isdecimal() or not int(place[1]) <= LARGEST:
        raise _not_ours()
    return place[0], int(place[1])


def _not_ours() -> InvalidError:
    return InvalidError(
        "This cursor is none of ours.", errors={"cursor": ["Take nextCursor from the page before."]}
    )
