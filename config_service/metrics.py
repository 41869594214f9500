"""What config_service counts, beside the requests that both services count."""

from collections.abc import Iterator
from functools import cache

import structlog
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from config_service.storage.held_events import HeldEventRepository
from shared.errors import ServiceError

log = structlog.get_logger(__name__)

EVENTS = Counter(
    "feedback_events_total",
    "SES events by kind and what became of them; simulated ones are of SES's mailbox simulator.",
    ["kind", "result", "simulated"],
)
event_series = cache(EVENTS.labels)  # looking a series up anew takes ten times as long
SENDS = Counter("test_emails_total", "Test emails by provider and result.", ["provider", "result"])
FAILED_LOGINS = Counter(
    "failed_logins_total", "Tokens that were not accepted, by the code of the answer.", ["code"]
)
TURNED_AWAY = Counter(
    "held_events_turned_away_total",
    "Events that no clinic could be found for, and that were not held: their topic's share is full.",
)
CREDENTIALS_OPENED = Counter(
    "credentials_opened_total", "Effective configurations handed to sending services."
)


class HeldEventsCollector(Collector):
    """How many events are held, read from the database: the same whichever process is asked."""

    def __init__(self, held: HeldEventRepository) -> None:
        """Take where they are held."""
        self._held = held

    def collect(self) -> Iterator[Metric]:
        """Yield the gauge; nothing where the database is away, which `/readyz` tells."""
        gauge = GaugeMetricFamily("held_events", "Events held, by why.", labels=["reason"])
        try:
            for reason, count in self._held.count().items():
                gauge.add_metric([reason], count)
        except ServiceError as error:
            log.warning("held events cannot be counted", code=error.code)
            return
        yield gauge
