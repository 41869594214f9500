"""Takes SNS's posts: hands bodies on and answers; decides nothing."""

from typing import TYPE_CHECKING, Any

from shared.json_endpoint import JsonEndpoint, read_body
from shared.metrics import observe_request
from webhook_service.errors import STATUSES
from webhook_service.processing import MessageProcessor
from webhook_service.verification import LOOKED_AT, SnsVerifier

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

PATH = "/api/v1/webhooks/ses"

# SNS's own limit is 256 KiB of message; as JSON within JSON, escaped, it grows.
# https://docs.aws.amazon.com/general/latest/gr/sns.html
MAX_BODY_BYTES = 512 * 1024

# As WSGI names them (PEP 3333).
_HEADERS = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in LOOKED_AT}


class SnsEndpoint:
    """Answers SNS once its message is dealt with."""

    def __init__(self, verifier: SnsVerifier, processor: MessageProcessor) -> None:
        """Take what verifies messages and what handles them."""
        self.verifier = verifier
        self.processor = processor

    def in_front_of(self, others: "WSGIApplication") -> "WSGIApplication":
        """Return the application that serves PATH here and everything else by `others`."""
        return JsonEndpoint(PATH, self.receive, STATUSES, observe_request, others)

    def receive(self, environ: "WSGIEnvironment") -> dict[str, Any]:
        """Deal with one message. Its Content-Type is not looked at: SNS says text/plain."""
        message = self.verifier.verify(read_body(environ, MAX_BODY_BYTES), _headers(environ))
        result = self.processor.process(message)
        return {"success": True, "result": result, "messageId": message.message_id}


def _headers(environ: "WSGIEnvironment") -> dict[str, str]:
    return {name: environ[key] for name, key in _HEADERS.items() if key in environ}
