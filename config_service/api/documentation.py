"""The OpenAPI document, written by the schemas, and a page to read it; nothing is fetched from elsewhere."""

from functools import cache
from pathlib import Path
from typing import Any

import flask_swagger_ui
from flask import Blueprint, Flask, Response, jsonify, render_template_string, send_from_directory
from flask_smorest import Api

from config_service.api.blueprints import BLUEPRINTS
from config_service.api.schemas import ErrorSchema

_ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
_CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Clinic communication API</title>
  <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
  <link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/assets/swagger-ui-bundle.js"></script>
  <script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  docExpansion: "list", defaultModelsExpandDepth: 0, persistAuthorization: false
});
"""
_INTRODUCTION = """\
Every clinic's communication configuration, test emails and suppression list.

Send `Authorization: Bearer <JWT>` with the claims `sub`, `role` (`SUPER_ADMIN`, `CLINIC_ADMIN` or
`LOCATION_HEAD`), `clinicIds` and `exp`. Every error has one shape, and its `hint` says what to do.
"""

# Flask names the parts of a path as Python does; the document names them as the rest of the API does.
_PATH_PARTS = {
    "clinic_id": "clinicId",
    "suppression_id": "suppressionId",
    "test_id": "testId",
    "probe_id": "probeId",
    "event_id": "eventId",
}

bp = Blueprint("documentation", __name__)


class DocumentedApi(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's API with our shape of errors."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to `shared.errors`."""


def _renamed(path: str) -> str:
    for ours, theirs in _PATH_PARTS.items():
        path = path.replace(f"{{{ours}}}", f"{{{theirs}}}")
    return path


@cache
def openapi_document() -> dict[str, Any]:
    """Return the document, made when it is first asked for: a service that starts does not wait for it."""
    app = Flask("documentation", static_folder=None)
    app.config.update(API_TITLE="Clinic communication API", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    options = {"info": {"description": _INTRODUCTION}, "security": [{"bearer": []}]}
    api = DocumentedApi(app, spec_kwargs=options)
    api.spec.components.security_scheme("bearer", scheme)
    for blueprint, prefix, name in BLUEPRINTS:
        api.register_blueprint(blueprint, url_prefix=prefix, name=name)
    document: dict[str, Any] = api.spec.to_dict()
    document["paths"] = {_renamed(path): item for path, item in document["paths"].items()}
    for item in document["paths"].values():
        for parameter in item.get("parameters", ()):
            parameter["name"] = _PATH_PARTS.get(parameter["name"], parameter["name"])
    return document


@bp.get("/openapi.json")
def openapi() -> Response:
    """Return the document."""
    return jsonify(openapi_document())


@bp.get("/docs")
def page() -> Response:
    """Return the page."""
    response = Response(render_template_string(_PAGE), mimetype="text/html")
    response.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
    return response


@bp.get("/docs/start.js")
def start() -> Response:
    """Return the script that opens the document in the page."""
    return Response(_START, mimetype="text/javascript")


@bp.get("/docs/assets/<path:name>")
def assets(name: str) -> Response:
    """Return a file of Swagger UI, which its package carries."""
    return send_from_directory(_ASSETS, name)
