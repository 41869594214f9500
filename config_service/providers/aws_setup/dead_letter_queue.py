"""The SQS queue that keeps what SNS could not deliver, and the policy that lets this one topic send to it.

https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from config_service.providers.aws_setup import marks
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import plainly
from config_service.providers.aws_setup.resource import NOT_THERE, UNCHANGED, Action, Mode, Permission, Step
from config_service.providers.aws_setup.statements import (
    Policy,
    Statement,
    only_statement,
    read_policy,
    same,
    statement_of,
    statements_of,
    with_statement,
    without_statement,
)

SID = "ClinicMailDeadLetters"
RETENTION_SECONDS = 14 * 24 * 3600  # SQS's longest

_STATES = ("", "NotVisible", "Delayed")  # in which SQS counts a queue's messages
_READS = ("sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ListQueueTags")
_NEEDS: dict[Mode, tuple[str, ...]] = {
    Mode.SHOW: _READS,
    Mode.SET_UP: (*_READS, "sqs:CreateQueue", "sqs:SetQueueAttributes", "sqs:TagQueue"),
    Mode.REMOVE: (*_READS, "sqs:DeleteQueue", "sqs:SetQueueAttributes"),
}


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue as it is; `depth` counts the messages in it, whether or not somebody is reading them."""

    url: str
    retention_seconds: int
    depth: int
    policy: Policy
    tags: dict[str, str] = field(default_factory=dict)


class DeadLetterQueue:
    """A standard queue, made or adopted by its name."""

    kind = "dead-letter queue"

    def __init__(self, account: AwsAccount, name: str, topic_arn: str) -> None:
        """Take the topic whose subscription may send here."""
        self._account = account
        self._topic_arn = topic_arn
        self.name = name

    @property
    def arn(self) -> str:
        """The queue's ARN, known before it exists."""
        return self._account.place.arn("sqs", self.name)

    @plainly
    def observe(self) -> QueueState | None:
        """Return the queue as it is, or None."""
        sqs = self._account.client("sqs")
        try:
            url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        except sqs.exceptions.QueueDoesNotExist:
            return None
        tags = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        depth = sum(int(attributes.get(f"ApproximateNumberOfMessages{kind}", 0)) for kind in _STATES)
        retention = int(attributes.get("MessageRetentionPeriod", 0))
        return QueueState(url, retention, depth, read_policy(attributes.get("Policy")), tags)

    def plan(self) -> Step:
        """Return what `apply` would do now."""
        state = self.observe()
        if state is None:
            return Step(Action.CREATE, ("keeps messages for 14 days; only the topic may send",))
        changes = tuple(self._changes(state))
        return Step(Action.UPDATE, changes) if changes else UNCHANGED

    @plainly
    def apply(self) -> None:
        """Create the queue, or bring its retention and our statement about."""
        sqs, state = self._account.client("sqs"), self.observe()
        if state is None:
            attributes = {
                "MessageRetentionPeriod": str(RETENTION_SECONDS),
                "Policy": only_statement(self._statement()),
            }
            sqs.create_queue(QueueName=self.name, Attributes=attributes, tags={marks.MADE: marks.BY_SETUP})
        elif any(self._changes(state)):
            attributes = {"Policy": json.dumps(with_statement(state.policy, self._statement()))}
            if state.retention_seconds < RETENTION_SECONDS:
                attributes["MessageRetentionPeriod"] = str(RETENTION_SECONDS)
            sqs.set_queue_attributes(QueueUrl=state.url, Attributes=attributes)

    def plan_removal(self) -> Step:
        """Return what `remove` would do now: a queue that holds messages stays, they may be replayed."""
        state = self.observe()
        if state is None:
            return NOT_THERE
        if marks.made(state.tags):
            if not state.depth:
                return Step(Action.REMOVE)
            return Step(Action.LEAVE, (f"holds {state.depth} dead letters: replay or purge them first",))
        if statement_of(state.policy, SID):
            return Step(Action.REMOVE, ("our statement in its policy; the queue was there before and stays",))
        return Step(Action.LEAVE, ("was there before",))

    @plainly
    def remove(self) -> None:
        """Delete a queue that was made here; take our statement out of one that was adopted."""
        step, state = self.plan_removal(), self.observe()
        if step.action != Action.REMOVE or state is None:
            return
        sqs = self._account.client("sqs")
        if marks.made(state.tags):
            sqs.delete_queue(QueueUrl=state.url)
            return
        rest = without_statement(state.policy, SID)
        text = json.dumps(rest) if statements_of(rest) else ""  # SQS takes a policy away so
        sqs.set_queue_attributes(QueueUrl=state.url, Attributes={"Policy": text})

    def permissions(self, mode: Mode) -> tuple[Permission, ...]:
        """Return the IAM permissions that the calls of `mode` need."""
        return (Permission(_NEEDS[mode], self.arn),)

    def _changes(self, state: QueueState) -> Iterator[str]:
        if state.retention_seconds < RETENTION_SECONDS:
            yield "keeps messages for 14 days"
        if not same(statement_of(state.policy, SID), self._statement()):
            yield "lets the topic send"

    def _statement(self) -> Statement:
        return {
            "Sid": SID,
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": self._topic_arn}},
        }
