"""The id that follows one request through both services and their logs."""

import re
import secrets
from contextvars import ContextVar

REQUEST_ID_HEADER = "X-Request-Id"

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,128}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Return the id of the request that is being served, or an empty string outside of one."""
    return _current.get()


def begin_request(given: str | None) -> str:
    """Take over the caller's id where it is safe to log, or make one, and return it."""
    request_id = given if given and _ACCEPTED.fullmatch(given) else secrets.token_hex(16)
    _current.set(request_id)
    return request_id


def resume_request(request_id: str) -> None:
    """Go on with a request that `begin_request` began."""
    _current.set(request_id)
