"""The id that follows one request through both services and their logs."""

import re
import secrets

REQUEST_ID_HEADER = "X-Request-Id"

_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,128}")


def accepted_or_new(given: str | None) -> str:
    """Return the caller's id where it is safe to log, else a new one."""
    return given if given and _ACCEPTED.fullmatch(given) else secrets.token_hex(16)
