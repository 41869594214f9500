"""Delivery to HTTP endpoints with SNS's retries, and the dead-letter queue after the last one.

Rules: Amazon SNS Developer Guide, "Message delivery retries" and "Dead-letter queues (DLQs)".
"""

import logging
from dataclasses import dataclass
from typing import Protocol

import requests

from local_aws.background import Background
from local_aws.journal import Delivery, Journal, Status

_TIMEOUT_SECONDS = 15  # "Preparing your HTTP/HTTPS endpoint": SNS waits 15 seconds for the answer
_KEPT_BODY = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parcel:
    """One message for one endpoint, ready to be posted as often as it takes."""

    message_id: str
    topic_arn: str
    endpoint: str
    headers: dict[str, str]
    body: str
    retries: int
    retry_delay: float
    dead_letter_arn: str | None = None


class DeadLetters(Protocol):
    def take(self, parcel: Parcel, error_code: str, error_message: str) -> bool: ...


class Courier:
    def __init__(self, background: Background, journal: Journal, dead_letters: DeadLetters) -> None:
        self._background = background
        self._journal = journal
        self._dead_letters = dead_letters
        self._http = requests.Session()
        self._http.trust_env = False
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=64))

    def dispatch(self, parcel: Parcel) -> None:
        """Deliver in the background; the journal tells what became of it."""
        delivery = Delivery(parcel.message_id, parcel.topic_arn, parcel.endpoint)
        self._journal.add(delivery)
        self._background.run(self._try, parcel, delivery)

    def _try(self, parcel: Parcel, delivery: Delivery) -> None:
        code, text = self._post(parcel)
        delivery.last_status_code, delivery.last_body = code, text[:_KEPT_BODY]
        delivery.attempts += 1
        if code is not None and 200 <= code < 300:
            delivery.status = "delivered"
        elif _is_temporary(code) and delivery.attempts <= parcel.retries:
            self._background.later(parcel.retry_delay, self._try, parcel, delivery)
        else:
            delivery.status = self._give_up(parcel, delivery)

    def _post(self, parcel: Parcel) -> tuple[int | None, str]:
        """Return status and body, or None and the reason if there was no answer."""
        try:
            response = self._http.post(
                parcel.endpoint,
                data=parcel.body.encode(),
                headers=parcel.headers,
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return None, str(error)
        # Not `text`: it guesses at the encoding of what names none, which takes longer than all the rest.
        return response.status_code, response.content.decode(errors="replace")

    def _give_up(self, parcel: Parcel, delivery: Delivery) -> Status:
        code = str(delivery.last_status_code or "ConnectionError")
        _log.warning("gave up on %s after %d tries: %s", parcel.endpoint, delivery.attempts, code)
        if parcel.dead_letter_arn and self._dead_letters.take(parcel, code, delivery.last_body or ""):
            return "dead_lettered"
        return "dropped"


def _is_temporary(code: int | None) -> bool:
    """Whether SNS tries again: no answer, a server error, or "too many requests"; never another 4xx."""
    return code is None or code == 429 or code >= 500
