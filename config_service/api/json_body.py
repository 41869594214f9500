"""What a JSON body must be before any schema looks at it."""

import json
from collections.abc import Iterable
from typing import Any, NoReturn

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from config_service.api.body_limits import whole_body

MAX_DEPTH = 64  # levels; ours have about six, and every library that walks a document has its own limit

_WITH_BODY = {"PUT", "POST", "PATCH", "DELETE"}
_TOO_DEEP = f"The JSON is nested too deeply: it may have up to {MAX_DEPTH} levels."


def require_json() -> None:
    """Refuse a body that is no JSON object of storable texts, and say what is wrong with it."""
    if request.method not in _WITH_BODY or (request.method == "DELETE" and not request.get_data(cache=True)):
        return  # a DELETE that needs a body says itself what it misses
    read_json_of_texts()


def read_json_of_texts() -> dict[str, Any]:
    """Return the request's JSON object, whose texts can all be stored; raise 400, 413 or 415."""
    document = read_json()
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadRequest("The JSON holds half a surrogate pair, which is no text.") from None
    return document


def read_json() -> dict[str, Any]:
    """Return the request's JSON object; raise 400, 413 or 415."""
    return parse_json(read_body())


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; raise 400."""
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        raise BadRequest(_TOO_DEEP) from None
    except ValueError as error:
        where = (
            f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise BadRequest(f"The body is not JSON in UTF-8{where}.") from None
    if not isinstance(document, dict):
        raise BadRequest("The body is not a JSON object.")
    if _is_too_deep(document):
        raise BadRequest(_TOO_DEEP)
    return document


def read_body() -> bytes:
    """Return the body of a request that says it is JSON; raise 400, 413 or 415."""
    if not request.is_json:
        raise UnsupportedMediaType(f"The body's Content-Type is {request.mimetype or 'missing'}, not JSON's.")
    if body := whole_body():
        return body
    raise BadRequest("The body is empty.")


def _is_too_deep(document: object) -> bool:
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [child for item in level for child in _children(item) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(item: object) -> Iterable[object]:
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
