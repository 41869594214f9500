"""What this service asks config_service, and the count of the calls that failed."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from shared.batching import Batcher, NoRoomError, WaitedTooLongError
from shared.errors import ServiceError
from shared.internal_api import MAX_EVENTS, FeedbackEvent, RecordResult, Topic
from shared.internal_client import InternalCallError, InternalClient, InternalRefusedError
from webhook_service import metrics
from webhook_service.errors import RETRY_AFTER
from webhook_service.time_budget import EARLIER_CALL

MAX_WAITING = MAX_EVENTS  # messages that wait for a call to end: more would not fit into the next one


class ConfigServiceBusyError(InternalCallError):
    """config_service takes so long for earlier messages that this one is not put to it."""

    code = "config_service_busy"
    hint = "SNS comes again; if this goes on, config_service is too slow: see its metrics and its database."

    def __init__(self, message: str, why: str) -> None:
        """Take a text for people and the reason under which it is counted."""
        super().__init__(message)
        self.why = why


class ConfigClient(Protocol):
    """The calls; all raise InternalCallError or InternalRefusedError with a `retry_after`."""

    def record(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        """Have `events` recorded, durably, and return a result for each, in their order."""

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

    def record(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        """Have `events` recorded, in one call with those of other messages that come at the same time."""
        with _counted("record"):
            began_at = self._clock()
            try:
                return list(self._together(events))
            except InternalRefusedError:  # perhaps because of another message's events
                if self._clock() - began_at > self._patience:  # the time budget has no room for a second call
                    raise ConfigServiceBusyError("config_service was slow to refuse.", "busy") from None
                return self._record(events)
            except WaitedTooLongError:
                raise ConfigServiceBusyError("config_service is busy with earlier events.", "busy") from None
            except NoRoomError:
                raise ConfigServiceBusyError("Too many messages wait for config_service.", "full") from None

    def _record(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        results: list[RecordResult] = []
        for start in range(0, len(events), MAX_EVENTS):
            results += self._client.record(events[start : start + MAX_EVENTS])
        return results

    def topics(self, etag: str | None) -> tuple[str | None, list[Topic] | None]:
        """Return the per-clinic topics and their ETag; no list where `etag` is still theirs."""
        with _counted("topics"):
            return self._client.topics(etag)


@contextmanager
def _counted(call: str) -> Iterator[None]:
    try:
        yield
    except ConfigServiceBusyError as error:
        _note(call, error.why, error)
        raise
    except InternalCallError as error:
        _note(call, "unavailable", error)
        raise
    except InternalRefusedError as error:
        _note(call, "refused", error)
        raise


def _note(call: str, why: str, error: ServiceError) -> None:
    metrics.INTERNAL_CALL_FAILURES.labels(call, why).inc()
    error.retry_after = RETRY_AFTER
