"""Does what a verified message asks for, and says in one word what became of it.

Takes nothing but VerifiedMessage, so that nothing unverified can get here.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import structlog

from shared.access_line import describe
from shared.errors import ServiceError
from shared.exchanges import Exchange, WouldWaitError, each
from shared.internal_api import (
    CONFIRMED,
    DUPLICATE,
    HELD,
    IGNORED,
    RECORDED,
    TRY_LATER,
    FeedbackEvent,
    RecordResult,
)
from shared.ses import UNREADABLE, SesEvent, metric_kind, parse_ses_message
from shared.ses_document import NotSesContentError
from shared.sns import NOTIFICATION, SUBSCRIPTION_CONFIRMATION, UNSUBSCRIBE_CONFIRMATION
from webhook_service import metrics
from webhook_service.config_client import ConfigClient
from webhook_service.errors import EventsRefusedError, HeldEventsFullError
from webhook_service.subscriptions import SubscriptionConfirmer
from webhook_service.verified_message import VerifiedMessage

log = structlog.get_logger(__name__)

# Of a message with several events the first that applies is its result: what a person must look at leads.
_BY_WEIGHT = (HELD, RECORDED, DUPLICATE, IGNORED)
_KNOWN = {*_BY_WEIGHT, TRY_LATER}

# https://docs.aws.amazon.com/ses/latest/dg/configure-sns-notifications.html
_SES_NOTICE = "Successfully validated SNS topic for Amazon SES event publishing."
_SES_NOTICE_TYPE = "AmazonSnsSubscriptionSucceeded"


class Report:
    """A verified message, the events in it and what became of them; `result` is the word for all of it."""

    __slots__ = ("events", "message", "result", "results")

    def __init__(self, message: VerifiedMessage, result: str = "") -> None:
        """Take the message, and its result where it is known already."""
        self.message = message
        self.events: Sequence[SesEvent] = ()
        self.results: Sequence[RecordResult] = ()
        self.result = result

    @property
    def feedback(self) -> list[FeedbackEvent]:
        """The events, as config_service takes them."""
        message = self.message
        return [FeedbackEvent(message.message_id, message.topic_arn, event) for event in self.events]


class MessageProcessor:
    """Handles each type of SNS's messages."""

    def __init__(self, client: ConfigClient, confirmer: SubscriptionConfirmer) -> None:
        """Take what records events and what confirms subscriptions."""
        self._client = client
        self._confirmer = confirmer
        self._others: dict[str, Callable[[VerifiedMessage], str]] = {
            SUBSCRIPTION_CONFIRMATION: self._subscription,
            UNSUBSCRIBE_CONFIRMATION: self._unsubscription,
        }

    def process(self, exchanges: Sequence[Exchange], *, may_wait: bool) -> None:
        """Make of each message its Report, once nothing of it can be lost any more.

        It ends with a ServiceError where SNS has to send it again, with WouldWaitError where SNS would have
        to be visited for it and may not.
        """
        each(exchanges, partial(self._begun, may_wait=may_wait))
        self._record([exchange for exchange in exchanges if exchange.error is None and exchange.value.events])
        each(exchanges, _ended)
        _count(exchanges)

    def _begun(self, message: VerifiedMessage, *, may_wait: bool) -> Report:
        if message.type == NOTIFICATION:
            return _read(message)
        if not may_wait:
            raise WouldWaitError
        return Report(message, self._others[message.type](message))

    def _record(self, exchanges: Sequence[Exchange]) -> None:
        """Have the events of several messages recorded in one call."""
        if not exchanges:
            return
        exchanges[0].line.resume()  # the call carries one request id
        recorded = self._client.record([exchange.value.feedback for exchange in exchanges])
        for exchange, results in zip(exchanges, recorded, strict=True):
            if isinstance(results, ServiceError):
                exchange.error = results
            else:
                exchange.value.results = results

    def _subscription(self, message: VerifiedMessage) -> str:
        self._confirmer.confirm(message)
        log.info("subscription confirmed", **_about(message, CONFIRMED), clinicId=message.owner.clinic_id)
        return CONFIRMED

    def _unsubscription(self, message: VerifiedMessage) -> str:
        # Whoever unsubscribed may have meant it: subscribing again is for people, never for this service.
        log.warning("subscription ended: no more events from this topic", **_about(message, IGNORED))
        return IGNORED


def _read(message: VerifiedMessage) -> Report:
    try:
        events = parse_ses_message(message.message, message.at)
    except NotSesContentError as reason:
        return Report(message, _ignored(message, str(reason)))
    if unreadable := sum(event.kind == UNREADABLE for event in events):
        metrics.UNREADABLE_EVENTS.inc(unreadable)
    report = Report(message)
    report.events = events
    return report


def _ended(report: Report) -> Report:
    if report.events:
        report.result = _overall(report.message, report.events, report.results)
    return report


def _count(exchanges: Iterable[Exchange]) -> None:
    """Count what became of messages, and of the events of those too that are to come again."""
    messages: dict[tuple[str, str], int] = {}
    events: dict[tuple[str, str], int] = {}
    for exchange in exchanges:
        report = exchange.value
        if exchange.error is None:
            message = report.message.type, report.result
            messages[message] = messages.get(message, 0) + 1
        elif not isinstance(report, Report):
            continue
        for found, result in zip(report.events, report.results, strict=False):  # none, where none came
            event = metric_kind(found.kind), result.result
            events[event] = events.get(event, 0) + 1
    for labels, number in messages.items():
        metrics.message_series(*labels).inc(number)
    for labels, number in events.items():
        metrics.event_series(*labels).inc(number)


def _ignored(message: VerifiedMessage, why: str) -> str:
    """Log a message that is none of SES's events, never its text."""
    if message.message.strip() == _SES_NOTICE or why == _SES_NOTICE_TYPE:
        log.info("SES's notice that it may publish to the topic", **_about(message, IGNORED))
    else:
        log.warning("not a message of SES", **_about(message, IGNORED))
    return IGNORED


def _overall(message: VerifiedMessage, events: Sequence[SesEvent], results: Sequence[RecordResult]) -> str:
    found = {result.result for result in results}
    kinds = sorted({metric_kind(event.kind) for event in events})  # a kind is the publisher's own text
    if unknown := found - _KNOWN:
        log.error("events not taken by config_service", **_about(message, sorted(unknown)), kinds=kinds)
        raise EventsRefusedError("config_service did not take every event of the message.")
    if TRY_LATER in found:
        log.error("events not held: too many of their topic are", **_about(message, TRY_LATER), kinds=kinds)
        raise HeldEventsFullError("Too many events of this topic wait for their clinic.")
    overall = next(result for result in _BY_WEIGHT if result in found)
    clinic = _one({result.clinic_id for result in results})
    rule = _one({result.rule for result in results})
    describe(**_about(message, overall), kinds=kinds, clinicId=clinic, rule=rule)
    return overall


def _about(message: VerifiedMessage, result: object) -> dict[str, Any]:
    return {
        "messageId": message.message_id,
        "topicArn": message.topic_arn,
        "type": message.type,
        "result": result,
    }


def _one(found: set[str | None]) -> object:
    """Return the one value, None for none; all of them where a message's events differ."""
    named = sorted(filter(None, found))
    return named if len(named) > 1 else next(iter(named), None)
