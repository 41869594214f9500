"""A typed client of config_service's internal API, for webhook_service and for any sending service.

client = InternalClient("http://config-service:8001", token)
config = client.effective_config("clinic-1")
checks = client.check_addresses("clinic-1", ["jane@example.com"])
"""

import time
from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPException, IncompleteRead
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from shared import internal_api as api
from shared.access_line import current_request_id
from shared.errors import ServiceError
from shared.internal_answers import Answer, Clock
from shared.internal_connections import Connections
from shared.request_id import REQUEST_ID_HEADER

# Seconds. A call takes no longer than its two together, its repeat included; webhook_service asks for the
# topics (3) and has events recorded (5) for one message, and webhook_service/time_budget.py adds them up.
CONNECT_TIMEOUT = 1.0
READ_TIMEOUT = 4.0
TOPICS_READ_TIMEOUT = 2.0

T = TypeVar("T")


class _Config(msgspec.Struct):
    config: dict[str, Any]


class _Refusal(msgspec.Struct):
    message: str
    code: str
    hint: str


class InternalCallError(ServiceError):
    """config_service could not be asked, or did not answer as agreed: try again later."""

    code = "config_service_unavailable"
    hint = "Check that config_service is up, and its /readyz."


class InternalRefusedError(ServiceError):
    """config_service understood the call and refused it: the same call will be refused again."""

    code = "config_service_refused"


class InternalClient:
    """Calls the internal API over kept-alive connections; safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        token: str,
        clock: Clock = time.monotonic,
        connections: Connections | None = None,
    ) -> None:
        """Take config_service's URL, a token of the scope that the calls need and a clock in seconds."""
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._headers = api.authorization(token)
        self._connections = connections or Connections(self._base_url, clock, CONNECT_TIMEOUT)

    def close(self) -> None:
        """Close the connections that no call is using."""
        self._connections.close()

    def record(self, events: Sequence[msgspec.Raw]) -> list[api.RecordResult]:
        """Have events recorded, as `encode_event` makes them; return a result for each, in their order."""
        answer = self._call("POST", api.EVENTS, api.events_body(events))
        results = self._decoded(answer, api.RecordResults).results
        if len(results) != len(events):
            raise InternalCallError("config_service answered for another number of events.")
        return results

    def topics(self, etag: str | None = None) -> tuple[str | None, list[api.Topic] | None]:
        """Return the per-clinic topics and their ETag; no list where `etag` is still theirs."""
        answer = self._call("GET", api.TOPICS, etag=etag, limit=TOPICS_READ_TIMEOUT)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return etag, None
        return answer.headers.get("etag"), self._decoded(answer, api.Topics).topics

    def effective_config(self, clinic_id: str) -> dict[str, Any]:
        """Return what `clinic_id` sends with: per channel the providers in the order to try, opened."""
        answer = self._call("GET", api.EFFECTIVE_CONFIG.format(clinic_id=quote(clinic_id, safe="")))
        return self._decoded(answer, _Config).config

    def check_addresses(self, clinic_id: str, addresses: Sequence[str]) -> list[api.AddressCheck]:
        """Return for each of up to 1,000 addresses whether `clinic_id` would reach it, and if not, why."""
        path = api.SUPPRESSION_CHECK.format(clinic_id=quote(clinic_id, safe=""))
        answer = self._call("POST", path, msgspec.json.encode({"addresses": list(addresses)}))
        return self._decoded(answer, api.AddressChecks).results

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        etag: str | None = None,
        limit: float = READ_TIMEOUT,
    ) -> Answer:
        headers = self._headers | {REQUEST_ID_HEADER: current_request_id()}
        if etag:
            headers["If-None-Match"] = etag
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = self._send_twice(method, path, body, headers, limit)
        except (OSError, HTTPException, ValueError) as error:
            raise InternalCallError(
                f"config_service did not answer at {self._base_url}: {type(error).__name__}."
            ) from None
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise InternalCallError(f"config_service answered {answer.status}.")
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise self._refusal(answer)
        return answer

    def _send_twice(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], limit: float
    ) -> Answer:
        """Repeat once on a broken connection: every call is idempotent, and a kept connection may be stale.

        The repeat has the time that the first try left over. A read that timed out leaves none.
        """
        give_up_at = self._clock() + limit
        try:
            return self._connections.request(method, path, body, headers, limit)
        except (OSError, HTTPException) as error:
            left = give_up_at - self._clock()
            if left <= 0 or isinstance(error, TimeoutError | IncompleteRead):
                raise
        return self._connections.request(method, path, body, headers, left, fresh=True)

    @staticmethod
    def _refusal(answer: Answer) -> ServiceError:
        try:
            said = msgspec.json.decode(answer.body, type=_Refusal)
        except ValueError:
            return InternalCallError(f"config_service answered {answer.status} in another shape.")
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return InternalCallError(f"config_service refused the token: {said.message}", hint=said.hint)
        return InternalRefusedError(said.message, code=said.code, hint=said.hint)

    @staticmethod
    def _decoded(answer: Answer, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except ValueError as error:
            raise InternalCallError(
                f"config_service answered in another shape: {type(error).__name__}."
            ) from None
