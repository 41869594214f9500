"""Takes SNS's posts: hands bodies on and answers; decides nothing."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from shared.exchanges import Exchange, each
from shared.json_endpoint import JsonEndpoint, read_body
from shared.metrics import observe_requests
from shared.sns import SnsEnvelope
from webhook_service.errors import STATUSES
from webhook_service.processing import MessageProcessor, Report
from webhook_service.verification import LOOKED_AT, SnsVerifier
from webhook_service.verified_message import UnverifiedMessage

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

PATH = "/api/v1/webhooks/ses"

# SNS's own limit is 256 KiB of message; as JSON within JSON, escaped, it grows.
# https://docs.aws.amazon.com/general/latest/gr/sns.html
MAX_BODY_BYTES = 512 * 1024

# As WSGI names them (PEP 3333).
_HEADERS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in LOOKED_AT}

_Posted = tuple[SnsEnvelope, dict[str, str]]


class SnsEndpoint:
    """Answers SNS once its messages are dealt with."""

    def __init__(self, verifier: SnsVerifier, processor: MessageProcessor) -> None:
        """Take what verifies messages and what handles them."""
        self.verifier = verifier
        self.processor = processor

    def in_front_of(self, others: "WSGIApplication") -> JsonEndpoint:
        """Return the application that serves PATH here and everything else by `others`."""
        return JsonEndpoint(PATH, self.receive, STATUSES, observe_requests, others)

    def receive(self, exchanges: Sequence[Exchange], may_wait: bool) -> None:
        """Deal with messages. Their Content-Type is not looked at: SNS says text/plain."""
        each(exchanges, self._read)
        each(exchanges, partial(self._check, may_wait=may_wait))
        each(exchanges, self.verifier.verify)
        self.verifier.note_refusals(exchanges)
        self.processor.process(exchanges, may_wait=may_wait)
        each(exchanges, _document)

    def _read(self, environ: "WSGIEnvironment") -> _Posted:
        headers = {name: environ[key] for name, key in _HEADERS.items() if key in environ}
        return self.verifier.read(read_body(environ, MAX_BODY_BYTES), headers), headers

    def _check(self, posted: _Posted, *, may_wait: bool) -> UnverifiedMessage:
        return self.verifier.check(*posted, may_wait=may_wait)


def _document(report: Report) -> dict[str, Any]:
    return {"success": True, "result": report.result, "messageId": report.message.message_id}
