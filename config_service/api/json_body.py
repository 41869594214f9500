"""What a JSON body must be before any schema looks at it."""

import json
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

_WITH_BODY = {"PUT", "POST", "PATCH", "DELETE"}


def require_json() -> None:
    """Refuse a body that is no JSON object of storable texts, and say what is wrong with it."""
    if request.method not in _WITH_BODY or (request.method == "DELETE" and not request.get_data(cache=True)):
        return  # a DELETE that needs a body says itself what it misses
    try:
        json.dumps(read_json(), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadRequest("The JSON holds half a surrogate pair, which is no text.") from None


def read_json() -> dict[str, Any]:
    """Return the request's JSON object; raise 400, 413 or 415."""
    try:
        document = json.loads(read_body(), parse_constant=_no_constant)
    except RecursionError:
        raise BadRequest("The JSON is nested too deeply.") from None
    except ValueError as error:
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise BadRequest(f"The body is not JSON in UTF-8{where}.") from None
    if not isinstance(document, dict):
        raise BadRequest("The body is not a JSON object.")
    return document


def read_body() -> bytes:
    """Return the body of a request that says it is JSON; raise 400, 413 or 415."""
    if not request.is_json:
        raise UnsupportedMediaType(f"The body's Content-Type is {request.mimetype or 'missing'}, not JSON's.")
    if body := request.get_data(cache=True):
        return body
    raise BadRequest("The body is empty.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
