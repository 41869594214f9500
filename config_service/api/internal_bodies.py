"""The bodies that callers of the internal API send: read at once where right, looked at closely where not."""

import json
from typing import Annotated

from msgspec import DecodeError, Meta, Raw, Struct, ValidationError, convert
from msgspec.json import Decoder

from config_service.api.json_body import parse_json, read_body, read_json_of_texts
from config_service.errors import InvalidError
from shared.internal_api import MAX_ADDRESSES, MAX_EVENTS


class _Events(Struct):
    events: Annotated[list[Raw], Meta(min_length=1, max_length=MAX_EVENTS)]


class _Addresses(Struct):
    addresses: Annotated[list[str], Meta(min_length=1, max_length=MAX_ADDRESSES)]


_events = Decoder(_Events)
_addresses = Decoder(_Addresses)


def read_events(body: bytes) -> list[Raw]:
    """Return the events in `body`, none of them read yet; raise 400 or InvalidError.

    An event that is no proper JSON by itself (half a surrogate pair in it, say) comes back as any other.
    """
    try:
        return _events.decode(body).events
    except (DecodeError, RecursionError, UnicodeDecodeError):
        found = parse_json(body).get("events")
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_EVENTS:
        raise InvalidError(f"events must be a list of 1 to {MAX_EVENTS} events.")
    return [Raw(json.dumps(event).encode()) for event in found]


def read_addresses() -> list[str]:
    """Return the addresses in the body; raise 400, 413, 415 or InvalidError."""
    try:
        return _addresses.decode(read_body()).addresses
    except (DecodeError, RecursionError, UnicodeDecodeError):
        document = read_json_of_texts()
    try:
        return convert(document, _Addresses).addresses
    except ValidationError as error:
        raise InvalidError("addresses is missing or wrong.", errors={"addresses": [f"{error}."]}) from None
