"""The dead-letter queue: attached, there, open to the topic, and empty."""

from config_service.clock import DAY
from config_service.providers.aws_setup.dead_letter_queue import RETENTION_SECONDS, QueueState
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.checks.policies import allows_source
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned

SNS = "sns.amazonaws.com"
_DAY_SECONDS = DAY // 1000


def _attached(facts: Facts) -> Outcome | None:
    subscription = facts.subscription() if facts.topic_arn else None
    if subscription is None or not subscription.confirmed:
        return None
    arn = subscription.dead_letter_arn
    if arn is None:
        return warned("no_dead_letter_queue", "none is attached to the subscription")
    if facts.queue() is None:
        return failed("dead_letter_queue_missing", f"{arn} does not exist")
    return passed(arn)


def _open(facts: Facts) -> Outcome | None:
    queue, topic_arn = _queue(facts), facts.topic_arn
    if queue is None or topic_arn is None:
        return None
    if not allows_source(queue.policy, SNS, "sqs:SendMessage", topic_arn):
        return failed("dead_letter_queue_closed", "its policy does not let the topic send")
    if queue.retention_seconds < RETENTION_SECONDS:
        days = queue.retention_seconds / _DAY_SECONDS
        return warned("dead_letter_queue_forgets", f"it keeps messages for {days:g} days")
    return passed("the topic may send, and messages are kept for 14 days")


def _depth(facts: Facts) -> Outcome | None:
    queue = _queue(facts)
    if queue is None:
        return None
    if queue.depth:
        return warned("dead_letters_waiting", f"{queue.depth} wait", queue=queue.url)
    return passed("empty")


def _queue(facts: Facts) -> QueueState | None:
    subscription = facts.subscription() if facts.topic_arn else None
    if subscription is None or subscription.dead_letter_arn is None:
        return None
    return facts.queue()


CHECKS = (
    Check("dead_letters.attached", "Dead-letter queue", _attached),
    Check("dead_letters.open", "Its policy and retention", _open),
    Check("dead_letters.depth", "Dead letters", _depth),
)
