"""A line of the log: JSON that carries the request's id and never a whole address.

Each is written once for every message, so what is not needed for nearly all of them is not done for them.
"""

import json
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from shared.access_line import current_request_id
from shared.addresses import mask_addresses

Event = MutableMapping[str, Any]  # what is logged, by name, as structlog's processors hand it on

_named = structlog.stdlib.add_logger_name  # of our own lines and of those of the standard library
_with_traceback = structlog.processors.format_exc_info


def completed(logger: Any, level: str, event: Event) -> Event:
    """Add to what is logged its level, its logger, the time and the request's id."""
    event = _named(logger, level, event)
    event["level"] = level
    event["timestamp"] = datetime.now(UTC).isoformat()[:-6] + "Z"
    if request_id := current_request_id():
        event.setdefault("requestId", request_id)
    return event


def rendered(logger: Any, level: str, event: Event) -> str:
    """Return the line, masked."""
    if "exc_info" in event:
        event = _with_traceback(logger, level, event)
    event["message"] = event.pop("event")
    line = _json(event)
    return _json(_masked(json.loads(line))) if "@" in line else line  # nearly none holds an address


def _json(event: Any) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which the standard library spells out
        return json.dumps(event, default=repr)


def _masked(value: Any) -> Any:
    """Return JSON's `value` with every address masked; of keys that are the same then, the last one stays."""
    if isinstance(value, str):
        return mask_addresses(value)
    if isinstance(value, dict):
        return {mask_addresses(key): _masked(item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value
