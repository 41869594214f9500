"""What this service asks config_service, and the count of the calls that failed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from shared.batching import Batcher, WaitedTooLongError
from shared.errors import ServiceError
from shared.internal_api import MAX_EVENTS, FeedbackEvent, RecordResult, Topic
from shared.internal_client import InternalCallError, InternalClient, InternalRefusedError
from webhook_service import metrics
from webhook_service.errors import RETRY_AFTER
from webhook_service.time_budget import EARLIER_CALL


class ConfigClient(Protocol):
    """The calls; all raise InternalCallError or InternalRefusedError with a `retry_after`."""

    def record(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        """Have `events` recorded, durably, and return a result for each, in their order."""

    def topics(self, etag: str | None) -> tuple[str | None, list[Topic] | None]:
        """Return the per-clinic topics and their ETag; no list where `etag` is still theirs."""


class HttpConfigClient:
    """The ConfigClient that asks the real config_service; safe to share between threads."""

    def __init__(self, client: InternalClient) -> None:
        """Take the client of the internal API, with a token of scope `record`."""
        self._client = client
        self._together = Batcher(self._record, MAX_EVENTS, EARLIER_CALL)

    def record(self, events: Sequence[FeedbackEvent]) -> list[RecordResult]:
        """Have `events` recorded, in one call with those of other messages that come at the same time."""
        with _counted("record"):
            try:
                return list(self._together(events))
            except InternalRefusedError:  # perhaps because of another message's events
                return self._record(events)
            except WaitedTooLongError:
                raise InternalCallError("config_service is busy with earlier events.") from None

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
    except InternalCallError as error:
        _note(call, "unavailable", error)
        raise
    except InternalRefusedError as error:
        _note(call, "refused", error)
        raise


def _note(call: str, why: str, error: ServiceError) -> None:
    metrics.INTERNAL_CALL_FAILURES.labels(call, why).inc()
    error.retry_after = RETRY_AFTER
