"""gunicorn's logger without its access log."""

from typing import Any

from gunicorn.glogging import Logger


class QuietLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Writes no access lines, since the services write their own, and so makes none up for each request.

    gunicorn does that wherever a logging configuration is given, whatever its level.
    """

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Write nothing."""
