"""The base error of both services, and the one JSON shape in which a caller sees any error."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound

from shared.request_id import current_request_id

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
    500: "This is a fault on our side; quote the requestId when you report it.",
}


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


def install_error_handlers(app: Flask, statuses: Mapping[type[ServiceError], int]) -> None:
    """Answer every error of `app` in the one shape, with the status that `statuses` gives its class.

    Only 500 is handled as a class of its own, so that an unknown exception still fails a test loudly.
    """

    def service_error(error: ServiceError) -> Response:
        status = next(statuses[kind] for kind in type(error).__mro__ if kind in statuses)
        return _respond(error, status)

    def http_error(error: HTTPException) -> Response:
        return _respond(_from_http(error), error.code or 500, error)

    def internal_error(error: InternalServerError) -> Response:
        log.error("request failed", exc_info=error.original_exception)
        return _respond(_from_http(error), 500)

    app.register_error_handler(ServiceError, service_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(500, internal_error)


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
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        message = "The request could not be completed."
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


def _respond(error: ServiceError, status: int, http: HTTPException | None = None) -> Response:
    response = jsonify(error_body(error))
    response.status_code = status
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if http is not None:
        for name, value in http.get_headers():
            if name.lower() in {"allow", "retry-after", "www-authenticate"}:
                response.headers[name] = value
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
