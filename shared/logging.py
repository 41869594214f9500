"""JSON logs that carry the request's id and never a whole address, and the hooks that log each request."""

import json
import logging
import logging.config
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import msgspec
import structlog
from flask import Flask, Request, Response, request

from shared.access_line import AccessLine, Observer, current_request_id
from shared.addresses import mask_addresses
from shared.request_id import REQUEST_ID_HEADER

# Their DEBUG and INFO records hold request bodies, and with them addresses, tokens and signatures.
# gunicorn's access log, which a logging configuration switches on, holds whole paths; we write our own.
_TALKATIVE = (
    "boto3",
    "botocore",
    "gunicorn.access",
    "peewee",
    "psycopg",
    "psycopg.pool",
    "urllib3",
    "werkzeug",
)


def _add_request_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if request_id := current_request_id():
        event.setdefault("requestId", request_id)
    return event


_NO_TEXT = frozenset({int, float, bool, type(None)})


def _mask(value: Any) -> Any:
    if isinstance(value, str):
        return mask_addresses(value)
    if isinstance(value, dict):
        return {key: _mask(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(item) for item in value]
    return value


def _mask_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if type(value) in _NO_TEXT or (type(value) is str and "@" not in value):
            continue  # nearly all of them
        if not key.startswith("_"):
            event[key] = _mask(value)
    return event


def _json(event: MutableMapping[str, Any], **_: Any) -> str:
    try:
        return msgspec.json.encode(event, enc_hook=repr).decode()
    except UnicodeEncodeError:  # half a surrogate pair, which the standard library spells out
        return json.dumps(event, default=repr)


_FIRST: list[Any] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _add_request_id,
]
_LAST: list[Any] = [
    structlog.processors.format_exc_info,
    _mask_event,
    structlog.processors.EventRenamer("message"),
    structlog.processors.JSONRenderer(serializer=_json),
]


class _NamedLogger(structlog.WriteLogger):
    """Writes lines to a stream, each whole; knows whose they are."""

    def __init__(self, name: str, stream: TextIO) -> None:
        super().__init__(stream)
        self.name = name


def logging_config(level: str) -> dict[str, Any]:
    """Return the `logging.config.dictConfig` in which every logger, gunicorn's too, writes masked JSON."""
    quiet: dict[str, Any] = {name: {"level": "WARNING"} for name in _TALKATIVE}
    own = {"level": "INFO", "handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _FIRST,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_LAST],
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": quiet | {"gunicorn.error": own},
    }


def configure_logging(level: str) -> None:
    """Send all logs of this process to stderr as masked JSON lines, from `level` upwards.

    Our own lines go there straight: on the way through the standard library each takes three times as long.
    """
    logging.config.dictConfig(logging_config(level))
    structlog.configure(
        processors=[*_FIRST, *_LAST],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        logger_factory=lambda name="": _NamedLogger(name, sys.stderr),
        cache_logger_on_first_use=False,
    )


def route_template(request: Request) -> str:
    """Return the route's template, never the path itself: a path may hold what must not be logged."""
    return request.url_rule.rule if request.url_rule else "(no route)"


def install_request_logging(app: Flask, observe: Observer) -> None:
    """Give each request of `app` an id, log its end, and call `observe(method, route, status, seconds)`."""

    @app.before_request
    def begin() -> None:
        AccessLine.begin(request.headers.get(REQUEST_ID_HEADER))

    @app.after_request
    def finish(response: Response) -> Response:
        line = AccessLine.current()
        response.headers[REQUEST_ID_HEADER] = line.request_id
        line.end(request.method, route_template(request), response.status_code, observe)
        return response
