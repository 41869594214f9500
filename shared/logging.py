"""JSON logs that carry the request's id and never a whole address, and the hooks that log each request."""

import logging
import logging.config
from typing import Any

import structlog
from flask import Flask, Request, Response, request

from shared.access_line import AccessLine, Ended, Observer, end_together
from shared.log_lines import completed, rendered
from shared.log_stream import LineLogger
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
                "foreign_pre_chain": [completed],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, rendered],
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
        processors=[completed, rendered],
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        logger_factory=LineLogger,
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
        ended = Ended(line, request.method, response.status_code)
        end_together([ended], route_template(request), observe)
        return response
