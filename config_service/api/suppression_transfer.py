"""The suppression list as CSV, streamed in and out; of a clinic, and the platform's own."""

import codecs
from collections.abc import Iterator
from typing import IO, Any

from flask import Response, request, stream_with_context
from flask_smorest import Blueprint
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from config_service.api import suppression_schemas as schemas
from config_service.api.body_limits import limit_body, lines_of_body
from config_service.api.context import principal, services

bp = Blueprint("suppression transfer", __name__, description="The suppression list as CSV")

CSV = "text/csv"
MAX_CSV_BYTES = 64 * 1024 * 1024
MAX_LINE = 4096  # bytes

_EXAMPLE = {
    "success": True,
    "imported": 2,
    "unchanged": 0,
    "refused": 1,
    "errors": [{"line": 4, "message": "email holds no email address."}],
}


@bp.route("/export", methods=["GET"])
@bp.response(200, {"type": "string"}, content_type=CSV, example="email,reason,since,until")
def export_suppressions(clinic_id: str | None = None) -> Any:
    """Stream the entries in force as CSV."""
    lines = services().transfer.export(clinic_id, principal())
    headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"', "Cache-Control": "no-store"}
    return Response(stream_with_context(lines), mimetype=CSV, headers=headers)


@bp.route("/import", methods=["POST"])
@bp.doc(
    requestBody={
        "required": True,
        "content": {
            CSV: {"schema": {"type": "string"}, "example": "email,reason,since\njane@example.com,manual,"}
        },
    }
)
@bp.response(200, schemas.ImportReportSchema, example=_EXAMPLE)
def import_suppressions(clinic_id: str | None = None) -> Any:
    """Add the addresses of a CSV with the columns email, reason and since; say which lines were refused."""
    if request.mimetype != CSV:
        raise UnsupportedMediaType("Send the header Content-Type: text/csv with the file as the body.")
    limit_body(MAX_CSV_BYTES)
    return services().transfer.load(clinic_id, _lines(request.stream), principal())


def _lines(stream: IO[bytes]) -> Iterator[str]:
    """Yield the body's lines as they arrive, never the whole of it."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        for line in lines_of_body(stream, MAX_CSV_BYTES, MAX_LINE):
            yield decoder.decode(line)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadRequest("The CSV is not in UTF-8.") from None
