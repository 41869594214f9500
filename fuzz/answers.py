"""What every answer must be: no fault of ours, one shape of errors, and nothing of the inside."""

import json
import re
import sys
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from fuzz.exchanges import Answer, Request

ROOT = Path(__file__).resolve().parent.parent
ERROR_FIELDS = {
    "success": bool,
    "code": str,
    "message": str,
    "hint": str,
    "errors": dict,
    "requestId": str,
}
# What config_service says of an event that broke it: a fault of ours inside an answer of status 200.
_OUR_FAULT = b"a fault on our side"
_INSIDE = re.compile(
    rb"Traceback \(most recent call last\)|File \\?\"[^\"]+\", line \d+|site-packages|\bline \d+, in \w+"
    rb"|\b(?:werkzeug|peewee|psycopg|sqlite3|marshmallow|botocore|msgspec)\b|0x[0-9a-f]{8,}|"
    + re.escape(str(ROOT)).encode()
    + b"|"
    + re.escape(sys.prefix).encode()
)


def faults(request: Request, answer: Answer, documented: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with `answer`; a 503 is right only with one of the `documented` codes."""
    code = _error_code(answer)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not (
        answer.status == HTTPStatus.SERVICE_UNAVAILABLE and code in documented
    ):
        yield f"{answer.status} {code or 'without a code'}, which is not documented"
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" not in answer.headers:
        yield "503 without Retry-After"
    if answer.status >= HTTPStatus.BAD_REQUEST and request.method != "HEAD" and code is None:
        yield f"{answer.status} in another shape than that of errors: {answer.body[:200]!r}"
    if _OUR_FAULT in answer.body and answer.status == HTTPStatus.OK:
        yield "an event that could not be recorded for a fault of ours"
    if found := _INSIDE.search(answer.body):
        yield f"the answer shows the inside: {found[0]!r}"


def _error_code(answer: Answer) -> str | None:
    """Return the code of an error in the one shape, or None."""
    if answer.headers.get("content-type") != "application/json":
        return None
    try:
        document = json.loads(answer.body)
    except ValueError:
        return None
    if not isinstance(document, dict) or document.keys() != ERROR_FIELDS.keys() or document["success"]:
        return None
    right = all(isinstance(document[name], kind) for name, kind in ERROR_FIELDS.items())
    return document["code"] if right and document["code"] and document["message"] else None
