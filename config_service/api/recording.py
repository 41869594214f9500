"""Takes the events that webhook_service has verified: the one call that every message costs."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from werkzeug.exceptions import UnsupportedMediaType

from config_service.api.authentication import internal_caller
from config_service.api.internal_bodies import read_events
from config_service.errors import STATUSES
from config_service.internal_tokens import InternalToken
from config_service.metrics import TURNED_AWAY, event_series
from config_service.services.services import Services
from shared import internal_api as api
from shared.access_line import afterwards
from shared.exchanges import each
from shared.json_endpoint import JsonEndpoint, read_body
from shared.metrics import observe_requests
from shared.ses import metric_kind

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

SIMULATOR = "simulator.amazonses.com"
MAX_BODY_BYTES = 64 * 1024 * 1024  # 500 unreadable events at their largest come close to it


class RecordingEndpoint:
    """Records events and answers for each by itself."""

    def __init__(self, services: Services, tokens: Sequence[InternalToken]) -> None:
        """Take the use cases, and the tokens of which those with scope `record` may call."""
        self._services = services
        self._tokens = tokens

    def in_front_of(self, others: "WSGIApplication") -> JsonEndpoint:
        """Return the application that serves the path of events here and everything else by `others`."""
        return JsonEndpoint(
            api.EVENTS, lambda exchanges, _: each(exchanges, self.record), STATUSES, observe_requests, others
        )

    def record(self, environ: "WSGIEnvironment") -> dict[str, Any]:
        """Record up to 500 events; return only after the commit."""
        internal_caller(self._tokens, api.SCOPE_RECORD, environ, self._services.failed_logins)
        if not environ.get("CONTENT_TYPE", "").lower().startswith("application/json"):
            raise UnsupportedMediaType("The body's Content-Type is not application/json.")
        loaded = [_load(document) for document in read_events(read_body(environ, MAX_BODY_BYTES))]
        events = [event for event in loaded if isinstance(event, api.FeedbackEvent)]
        recorded = iter(self._services.feedback.record(events) if events else [])
        results = [next(recorded) if isinstance(event, api.FeedbackEvent) else event for event in loaded]
        afterwards(partial(_count, loaded, results))
        return {"success": True, "results": results}


def _load(document: msgspec.Raw) -> api.FeedbackEvent | api.RecordResult:
    try:
        return api.decode_event(document)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        return api.RecordResult(api.REFUSED, message=f"The event is not as agreed: {error}.")


def _count(
    events: Sequence[api.FeedbackEvent | api.RecordResult], results: Sequence[api.RecordResult]
) -> None:
    for event, result in zip(events, results, strict=True):
        kind, recipient = "invalid", None
        if isinstance(event, api.FeedbackEvent):
            kind, recipient = metric_kind(event.event.kind), event.event.recipient
        simulated = recipient is not None and recipient.lower().endswith(f"@{SIMULATOR}")
        event_series(kind, result.result, str(simulated).lower()).inc()
        if result.result == api.TRY_LATER:
            TURNED_AWAY.inc()
