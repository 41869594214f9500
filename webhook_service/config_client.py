"""What this service asks config_service, and the count of the calls that failed."""

import time
from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Protocol, TypeVar

from msgspec import Raw

from shared.batching import Batcher, NoRoomError, WaitedTooLongError
from shared.errors import ServiceError
from shared.internal_api import MAX_EVENTS, FeedbackEvent, RecordResult, Topic, encode_event
from shared.internal_client import InternalCallError, InternalClient, InternalRefusedError
from webhook_service import metrics
from webhook_service.errors import RETRY_AFTER
from webhook_service.time_budget import EARLIER_CALL

MAX_WAITING = MAX_EVENTS  # events that wait for a call to end: more would not fit into the next one

E = TypeVar("E", bound=ServiceError)


class ConfigServiceBusyError(InternalCallError):
    """config_service takes so long for earlier messages that this one is not put to it."""

    code = "config_service_busy"
    hint = "SNS comes again; if this goes on, config_service is too slow: see its metrics and its database."

    def __init__(self, message: str, why: str) -> None:
        """Take a text for people and the reason under which it is counted."""
        super().__init__(message)
        self.why = why


Recorded = Sequence[RecordResult] | ServiceError


class ConfigClient(Protocol):
    """The calls; what fails is an InternalCallError or InternalRefusedError with a `retry_after`."""

    def record(self, messages: Sequence[Sequence[FeedbackEvent]]) -> Sequence[Recorded]:
        """Have each message's events recorded, durably; return for each what became of it, in their order.

        That is a result an event, in their order, or what failed.
        """

    def topics(self, etag: str | None) -> tuple[str | None, list[Topic] | None]:
        """Return the per-clinic topics and their ETag; no list where `etag` is still theirs."""


class HttpConfigClient:
    """The ConfigClient that asks the real config_service; safe to share between threads."""

    def __init__(
        self,
        client: InternalClient,
        *,
        patience: float = EARLIER_CALL,
        room: int = MAX_WAITING,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the client of the internal API, with a token of scope `record`.

        A message waits `patience` seconds for the call before its own, and only `room` of them wait at once.
        """
        self._client = client
        self._patience = patience
        self._clock = clock
        self._together = Batcher(self._record, MAX_EVENTS, patience, room)

    def record(self, messages: Sequence[Sequence[FeedbackEvent]]) -> Sequence[Recorded]:
        """Have events recorded, in one call with those of other messages that come at the same time."""
        began_at = self._clock()
        # Here, while an earlier call is under way: config_service waits for what is done between two calls.
        encoded = [[encode_event(event) for event in events] for events in messages]
        failed: InternalCallError
        try:
            results = iter(self._together(list(chain.from_iterable(encoded))))
            return [list(islice(results, len(events))) for events in messages]
        except InternalRefusedError:  # perhaps because of one message's events
            return [self._record_alone(events, began_at) for events in encoded]
        except WaitedTooLongError:
            failed = ConfigServiceBusyError("config_service is busy with earlier events.", "busy")
        except NoRoomError:
            failed = ConfigServiceBusyError("Too many messages wait for config_service.", "full")
        except InternalCallError as error:
            failed = error
        return [_noted("record", failed) for _ in messages]

    def _record_alone(self, events: Sequence[Raw], began_at: float) -> Recorded:
        try:
            if self._clock() - began_at > self._patience:  # the time budget has no room for a second call
                raise ConfigServiceBusyError("config_service was slow to refuse.", "busy")
            return self._record(events)
        except (InternalCallError, InternalRefusedError) as error:
            return _noted("record", error)

    def _record(self, events: Sequence[Raw]) -> list[RecordResult]:
        results: list[RecordResult] = []
        for start in range(0, len(events), MAX_EVENTS):
            results += self._client.record(events[start : start + MAX_EVENTS])
        return results

    def topics(self, etag: str | None) -> tuple[str | None, list[Topic] | None]:
        """Return the per-clinic topics and their ETag; no list where `etag` is still theirs."""
        try:
            return self._client.topics(etag)
        except (InternalCallError, InternalRefusedError) as error:
            raise _noted("topics", error) from None


def _noted(call: str, error: E) -> E:
    """Count a call that failed for one message, and say when that is to come again."""
    why = "refused" if isinstance(error, InternalRefusedError) else getattr(error, "why", "unavailable")
    metrics.INTERNAL_CALL_FAILURES.labels(call, why).inc()
    error.retry_after = RETRY_AFTER
    return error
