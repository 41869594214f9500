"""The HTTP side: thin views over the use cases, with their guards attached here."""

from http import HTTPStatus

from flask import Flask, Response, request

from config_service.api import documentation, internal, operations, suppression_transfer
from config_service.api.authentication import Guard, bearer_guard, internal_guard
from config_service.api.blueprints import BLUEPRINTS
from config_service.api.body_limits import limit_bodies
from config_service.api.context import hand_services
from config_service.api.json_body import require_json
from config_service.api.recording import RecordingEndpoint
from config_service.errors import STATUSES, PreconditionFailedError
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from config_service.tokens import TokenVerifier
from shared.errors import error_response, install_error_handlers
from shared.internal_api import EVENTS, SCOPE_RECORD, SCOPE_SEND
from shared.json_endpoint import ENDPOINTS
from shared.logging import install_request_logging
from shared.metrics import observe_requests
from shared.security_headers import with_security_headers

MAX_BODY_BYTES = 256 * 1024


def install_api(app: Flask, services: Services, verifier: TokenVerifier, settings: ConfigSettings) -> None:
    """Register every blueprint of `app`, each with the guard that says who may call it."""
    limit_bodies(app, MAX_BODY_BYTES)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # success first, as people read
    hand_services(app, services)
    install_request_logging(app, observe_requests)
    install_error_handlers(app, STATUSES)
    guards: dict[str, tuple[Guard, ...]] = {
        internal.topics.name: (internal_guard(settings.internal_tokens, SCOPE_RECORD),),
        internal.sending.name: (internal_guard(settings.internal_tokens, SCOPE_SEND),),
    }
    public = (bearer_guard(verifier),)
    _attach(app, guards)
    for blueprint, prefix, name in BLUEPRINTS:
        takes_json = blueprint is not suppression_transfer.bp  # which takes CSV, and checks that itself
        guards[name] = (*public, require_json) if takes_json else public
        app.register_blueprint(blueprint, url_prefix=prefix, name=name)
    for plain in (internal.topics, internal.sending, operations.bp, documentation.bp):
        app.register_blueprint(plain)
    _make_gets_conditional(app)
    recording = RecordingEndpoint(services, settings.internal_tokens).in_front_of(app.wsgi_app)
    app.extensions[ENDPOINTS] = {EVENTS: recording}
    app.wsgi_app = with_security_headers(recording)  # type: ignore[assignment,method-assign]


def _attach(app: Flask, guards: dict[str, tuple[Guard, ...]]) -> None:
    @app.before_request
    def guard() -> None:
        for check in guards.get(request.blueprint or "", ()):
            check()


def _make_gets_conditional(app: Flask) -> None:
    """Give every answer of the public API to a GET an ETag, and answer 304 where the caller has it."""

    @app.after_request
    def conditional(response: Response) -> Response:
        if request.path.startswith("/api/"):
            response.headers.setdefault("Cache-Control", "no-store, private")
            if request.method == "GET" and response.status_code == 200 and not response.is_streamed:
                if "ETag" not in response.headers:
                    response.add_etag()
                response.make_conditional(request)
                if response.status_code == HTTPStatus.PRECONDITION_FAILED:
                    return error_response(
                        PreconditionFailedError("This is not what If-Match names."), STATUSES
                    )
        return response
