"""Posts messages to webhook_service as SNS does, and reads what it says to them.

https://docs.aws.amazon.com/sns/latest/dg/http-header.html
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from config_service.providers.dead_letter_queue import DeadLetter
from shared.errors import ServiceError

TIMEOUTS = (3, 20)  # seconds to connect and to answer: the webhook takes 15 at most


class WebhookUrlError(ServiceError):
    """The webhook's URL is none."""

    code = "bad_webhook_url"
    hint = "Give the subscription's URL, such as http://webhook-service:8002/api/v1/webhooks/ses."


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What became of a post: `code` is the webhook's result where it has `taken` the message, else its error.

    `retry_after` is in seconds, where the webhook named a time.
    """

    status: int | None
    code: str
    message: str = ""
    retry_after: int | None = None
    taken: bool = False

    @property
    def is_temporary(self) -> bool:
        """Whether another try may do better, by the rules of SNS: no answer, 5xx or 429."""
        return self.status is None or self.status >= 500 or self.status == HTTPStatus.TOO_MANY_REQUESTS


class HttpWebhook:
    """The webhook at a URL; follows no redirect and asks no proxy."""

    def __init__(self, url: str) -> None:
        """Take the URL that SNS posts to; raise WebhookUrlError where it is none."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise WebhookUrlError(f"{url!r} is no http or https URL.")
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def post(self, letter: DeadLetter) -> WebhookAnswer:
        """Post what SNS gave up once more, byte for byte, under SNS's headers."""
        try:
            response = self._session.post(
                self._url,
                data=letter.body.encode("utf-8", "surrogatepass"),
                headers=_headers(letter),
                timeout=TIMEOUTS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return WebhookAnswer(None, "no_answer", f"{type(error).__name__} at {self._url}.")
        return _answer(response)


def _headers(letter: DeadLetter) -> dict[str, str]:
    headers = {"Content-Type": "text/plain; charset=UTF-8", "User-Agent": "dead-letter replay"}
    if envelope := letter.envelope:
        headers |= {
            "x-amz-sns-message-type": envelope.type,
            "x-amz-sns-message-id": envelope.message_id,
            "x-amz-sns-topic-arn": envelope.topic_arn,
        }
    return headers


def _answer(response: requests.Response) -> WebhookAnswer:
    """Read the answer; a 200 counts only in webhook_service's own words, lest a message be lost to a page."""
    status, said = response.status_code, _document(response)
    wait = response.headers.get("Retry-After", "")
    retry_after = int(wait) if wait.isdecimal() else None
    if status == HTTPStatus.OK and said.get("success") is True and isinstance(said.get("result"), str):
        return WebhookAnswer(status, said["result"], taken=True)
    if status != HTTPStatus.OK and isinstance(said.get("code"), str):
        return WebhookAnswer(status, said["code"], str(said.get("message", "")), retry_after)
    return WebhookAnswer(status, f"http_{status}", "The answer is not webhook_service's.", retry_after)


def _document(response: requests.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
