"""The base error of both services, and the one JSON shape in which a caller sees any error."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from shared.access_line import current_request_id

log = structlog.get_logger(__name__)

FieldErrors = Mapping[str, Sequence[str] | Mapping[str, Any]]


class ServiceError(Exception):
    """A refusal that a caller can act on: what happened (`message`) and what to do about it (`hint`)."""

    code = "error"
    hint = ""

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        hint: str | None = None,
        errors: FieldErrors | None = None,
        retry_after: int | None = None,
    ) -> None:
        """Take texts for people, `errors` by field, and `retry_after` in seconds."""
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.hint = self.hint if hint is None else hint
        self.errors = errors or {}
        self.retry_after = retry_after


class FaultError(ServiceError):
    """Something happened that nobody foresaw; what, only the log says."""

    code = "internal_server_error"
    hint = "This is a fault on our side; quote the requestId when you report it."

    def __init__(self) -> None:
        """Take nothing: the text is the same for all."""
        super().__init__("The request could not be completed.")


class SettingsError(ServiceError):
    """A setting is missing or wrong; the service does not start."""

    code = "bad_setting"


_HINTS = {
    400: "Send a JSON object; check quotes, commas and nesting.",
    404: "Check the path.",
    405: "Check the method.",
    413: "Send a smaller body.",
    415: "Send the header Content-Type: application/json.",
    422: "Correct the fields named under errors and send the request again.",
}


_PASSED_ON = {"allow", "retry-after", "www-authenticate"}
_CHALLENGE = ("WWW-Authenticate", "Bearer")


def error_body(error: ServiceError) -> dict[str, Any]:
    """Return the JSON shape of `error`."""
    return {
        "success": False,
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "errors": error.errors,
        "requestId": current_request_id(),
    }


def status_of(error: ServiceError, statuses: Mapping[type[ServiceError], int]) -> int:
    """Return the status that `statuses` gives the class of `error`, or the nearest of its bases."""
    return next(statuses[kind] for kind in type(error).__mro__ if kind in statuses)


def refusal(
    error: Exception, statuses: Mapping[type[ServiceError], int]
) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:
    """Return the status, the JSON document and the headers with which `error` is answered.

    `statuses` gives a ServiceError's class its status. What nobody foresaw is logged, and told to nobody.
    """
    headers: list[tuple[str, str]] = []
    if isinstance(error, ServiceError):
        status, said = status_of(error, statuses), error
    elif isinstance(error, HTTPException) and error.code != HTTPStatus.INTERNAL_SERVER_ERROR:
        status, said = error.code or 500, _from_http(error)
        headers = [(name, value) for name, value in error.get_headers() if name.lower() in _PASSED_ON]
    else:
        log.error("request failed", exc_info=getattr(error, "original_exception", None) or error)
        status, said = 500, FaultError()
    if said.retry_after is not None:
        headers.append(("Retry-After", str(said.retry_after)))
    if status == HTTPStatus.UNAUTHORIZED:
        headers = [*(pair for pair in headers if pair[0].lower() != "www-authenticate"), _CHALLENGE]
    return status, error_body(said), headers


def error_response(error: Exception, statuses: Mapping[type[ServiceError], int]) -> Response:
    """Return Flask's response with which `error` is answered."""
    status, document, headers = refusal(error, statuses)
    response = jsonify(document)
    response.status_code = status
    response.headers.extend(headers)
    return response


def install_error_handlers(app: Flask, statuses: Mapping[type[ServiceError], int]) -> None:
    """Answer every error of `app` in the one shape, with the status that `statuses` gives its class.

    Only 500 is handled as a class of its own, so that an unknown exception still fails a test loudly.
    """

    def respond(error: Exception) -> Response:
        return error_response(error, statuses)

    for kind in (ServiceError, HTTPException, 500):
        app.register_error_handler(kind, respond)


def _from_http(error: HTTPException) -> ServiceError:
    status = error.code or 500
    data = getattr(error, "data", None) or {}
    errors = _by_field(data.get("messages", {}))
    phrase = HTTPStatus(status).phrase
    message = "Some fields are missing or wrong." if errors else (error.description or phrase)
    if type(error) is NotFound:
        message = "There is nothing at this path."
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        message = f"This method is not allowed here: use {', '.join(sorted(error.valid_methods))}."
    code = "invalid_request" if errors else phrase.lower().replace(" ", "_").replace("-", "_")
    return ServiceError(message, code=code, hint=_HINTS.get(status, ""), errors=errors)


def _by_field(messages: Any) -> dict[str, Any]:
    """Drop webargs' level that names the place (`json`, `query`): field names are what the caller knows."""
    if not isinstance(messages, Mapping):
        return {}
    merged: dict[str, Any] = {}
    for place in messages.values():
        merged.update(place if isinstance(place, Mapping) else {"_body": place})
    return merged
