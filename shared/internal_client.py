"""A typed client of config_service's internal API, for webhook_service and for any sending service.

client = InternalClient("http://config-service:8001", token)
config = client.effective_config("clinic-1")
checks = client.check_addresses("clinic-1", ["jane@example.com"])
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec
import requests
import urllib3
from requests.adapters import HTTPAdapter

from shared import internal_api as api
from shared.errors import ServiceError
from shared.request_id import REQUEST_ID_HEADER, current_request_id

# Seconds. A call takes no longer than its two together, its repeat included; webhook_service asks for the
# topics (3) and has events recorded (5) for one message, and webhook_service/time_budget.py adds them up.
CONNECT_TIMEOUT = 1.0
READ_TIMEOUT = 4.0
TOPICS_READ_TIMEOUT = 2.0
_POOL = 64  # connections kept open


T = TypeVar("T")


class _Config(msgspec.Struct):
    config: dict[str, Any]


class InternalCallError(ServiceError):
    """config_service could not be asked, or did not answer as agreed: try again later."""

    code = "config_service_unavailable"
    hint = "Check that config_service is up, and its /readyz."


class InternalRefusedError(ServiceError):
    """config_service understood the call and refused it: the same call will be refused again."""

    code = "config_service_refused"


class InternalClient:
    """Calls the internal API over pooled keep-alive connections; safe to share between threads."""

    def __init__(self, base_url: str, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Take config_service's URL, a token of the scope that the calls need and a clock in seconds."""
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._headers = api.authorization(token)
        self._session = requests.Session()
        # A proxy or a .netrc from the environment must never see the token.
        self._session.trust_env = False
        self._session.mount(self._base_url, HTTPAdapter(pool_connections=1, pool_maxsize=_POOL))

    def record(self, events: Sequence[api.FeedbackEvent]) -> list[api.RecordResult]:
        """Have `events` recorded and return a result for each, in their order."""
        response = self._call("POST", api.EVENTS, api.encode_events(events))
        results = self._decoded(response, api.RecordResults).results
        if len(results) != len(events):
            raise InternalCallError("config_service answered for another number of events.")
        return results

    def topics(self, etag: str | None = None) -> tuple[str | None, list[api.Topic] | None]:
        """Return the per-clinic topics and their ETag; no list where `etag` is still theirs."""
        response = self._call("GET", api.TOPICS, etag=etag, limit=TOPICS_READ_TIMEOUT)
        if response.status_code == requests.codes.not_modified:
            return etag, None
        return response.headers.get("ETag"), self._decoded(response, api.Topics).topics

    def effective_config(self, clinic_id: str) -> dict[str, Any]:
        """Return what `clinic_id` sends with: per channel the providers in the order to try, opened."""
        response = self._call("GET", api.EFFECTIVE_CONFIG.format(clinic_id=quote(clinic_id, safe="")))
        return self._decoded(response, _Config).config

    def check_addresses(self, clinic_id: str, addresses: Sequence[str]) -> list[api.AddressCheck]:
        """Return for each of up to 1,000 addresses whether `clinic_id` would reach it, and if not, why."""
        path = api.SUPPRESSION_CHECK.format(clinic_id=quote(clinic_id, safe=""))
        response = self._call("POST", path, msgspec.json.encode({"addresses": list(addresses)}))
        return self._decoded(response, api.AddressChecks).results

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        etag: str | None = None,
        limit: float = READ_TIMEOUT,
    ) -> requests.Response:
        headers = self._headers | {REQUEST_ID_HEADER: current_request_id()}
        if etag:
            headers["If-None-Match"] = etag
        if body is not None:
            headers["Content-Type"] = "application/json"
        sent = {"headers": headers, "allow_redirects": False, "data": body}
        try:
            response = self._send_twice(method, self._base_url + path, sent, limit)
        except requests.RequestException as error:
            raise InternalCallError(
                f"config_service did not answer at {self._base_url}: {type(error).__name__}."
            ) from None
        status = response.status_code
        if status >= requests.codes.server_error or status == requests.codes.too_many:
            raise InternalCallError(f"config_service answered {status}.")
        if status >= requests.codes.bad_request:
            raise self._refusal(response)
        return response

    def _send_twice(self, method: str, url: str, sent: dict[str, Any], limit: float) -> requests.Response:
        """Repeat once on a broken connection: every call is idempotent, and a kept connection may be stale.

        The repeat has the time that the first try left over. A read that timed out leaves none.
        """
        give_up_at = self._clock() + limit
        try:
            return self._session.request(method, url, timeout=(CONNECT_TIMEOUT, limit), **sent)
        except requests.ConnectionError as error:
            left = give_up_at - self._clock()
            if left <= 0 or _timed_out(error):
                raise
        return self._session.request(method, url, timeout=(CONNECT_TIMEOUT, left), **sent)

    @staticmethod
    def _refusal(response: requests.Response) -> ServiceError:
        try:
            document = response.json()
            message, code, hint = document["message"], document["code"], document["hint"]
        except (ValueError, KeyError, TypeError):
            return InternalCallError(f"config_service answered {response.status_code} in another shape.")
        if response.status_code in {requests.codes.unauthorized, requests.codes.forbidden}:
            return InternalCallError(f"config_service refused the token: {message}", hint=hint)
        return InternalRefusedError(message, code=code, hint=hint)

    @staticmethod
    def _decoded(response: requests.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise InternalCallError(
                f"config_service answered in another shape: {type(error).__name__}."
            ) from None


def _timed_out(error: requests.ConnectionError) -> bool:
    """Tell a time-out from a broken connection: in the middle of a body requests makes them look alike."""
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.Timeout) or isinstance(cause, urllib3.exceptions.ReadTimeoutError)
