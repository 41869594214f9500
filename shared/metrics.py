"""The metrics that both services have, and their exposition: right under several worker processes too."""

import os
from collections.abc import Sequence
from functools import cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shared.serving import MULTIPROCESS_DIRECTORY

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Counter("http_requests_total", "Requests by route and status.", ["method", "route", "status"])
LATENCY = Histogram(
    "http_request_duration_seconds",
    "How long requests took, by route.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)


def observe_requests(method: str, route: str, status: int, seconds: Sequence[float]) -> None:
    """Count requests that took so many `seconds` each, under their route's template."""
    method = method if method in _METHODS else "other"  # a stranger must not be able to add series
    requests, latency = _series(method, route, status)
    requests.inc(len(seconds))
    for each in seconds:
        latency.observe(each)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), LATENCY.labels(method, route)


def exposition(*collectors: Collector) -> tuple[bytes, str]:
    """Return the metrics of all worker processes, and of `collectors`, as (body, content type).

    Under gunicorn the processes share files (prometheus_client's multiprocess mode); alone, the
    process's own registry is the whole truth.
    """
    registry = CollectorRegistry()
    if os.environ.get(MULTIPROCESS_DIRECTORY):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry), CONTENT_TYPE_LATEST
