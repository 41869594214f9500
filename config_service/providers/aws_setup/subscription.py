"""The topic's HTTPS subscription: how long SNS tries, and where it puts what it could not deliver.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from config_service.providers.aws_setup import marks
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import plainly
from config_service.providers.aws_setup.resource import NOT_THERE, UNCHANGED, Action, Mode, Permission, Step
from config_service.providers.aws_setup.subscriptions_of import subscriptions_of

LONGEST_RETRYING = 3600  # seconds in all: SNS's hard limit

# Twelve tries 5 s apart bridge a restart; 59 more a minute apart use up the hour (60 s + 3,540 s). Without
# a backoff phase between the two the sum is exact, whichever formula SNS would spread one by.
RETRY_POLICY = {
    "minDelayTarget": 5,
    "maxDelayTarget": 60,
    "numRetries": 71,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 12,
    "numMaxDelayRetries": 59,
    "backoffFunction": "linear",
}

_LISTS = ("sns:ListSubscriptionsByTopic",)
_ON_TOPIC: dict[Mode, tuple[str, ...]] = {
    Mode.SHOW: _LISTS,
    Mode.SET_UP: (*_LISTS, "sns:Subscribe", "sns:TagResource"),
    Mode.REMOVE: (*_LISTS, "sns:ListTagsForResource", "sns:UntagResource"),
}
_SEES = ("sns:GetSubscriptionAttributes",)
_SETS = (*_SEES, "sns:SetSubscriptionAttributes")
_ANYWHERE: dict[Mode, tuple[str, ...]] = {
    Mode.SHOW: _SEES,
    Mode.SET_UP: _SETS,
    Mode.REMOVE: (*_SETS, "sns:Unsubscribe"),
}


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """A subscription as it is; while it is pending, SNS says neither its ARN nor its attributes."""

    endpoint: str
    confirmed: bool
    arn: str | None = None
    raw: bool = False
    retry_policy: dict[str, Any] | None = None
    dead_letter_arn: str | None = None


class Subscription:
    """The webhook's subscription, made or adopted by its endpoint."""

    kind = "subscription"

    def __init__(self, account: AwsAccount, topic_arn: str, endpoint: str, dead_letter_arn: str) -> None:
        """Take the webhook's URL and the queue of dead letters."""
        self._account = account
        self._topic_arn = topic_arn
        self._dead_letter_arn = dead_letter_arn
        self.name = endpoint

    @plainly
    def observe(self) -> SubscriptionState | None:
        """Return the subscription as it is, or None."""
        for each in subscriptions_of(self._account, self._topic_arn):
            if each.endpoint == self.name:
                return self._read(each.arn) if each.arn else SubscriptionState(self.name, confirmed=False)
        return None

    def plan(self) -> Step:
        """Return what `apply` would do now."""
        state = self.observe()
        if state is None:
            return Step(Action.CREATE, ("raw delivery off; tried for 3,600 s, then the dead-letter queue",))
        if not state.confirmed:
            return Step(Action.UPDATE, ("waits for the webhook's confirmation: ask again",))
        changes = tuple(text for text, _, _ in self._changes(state))
        return Step(Action.UPDATE, changes) if changes else UNCHANGED

    @plainly
    def apply(self) -> None:
        """Subscribe, or ask an unconfirmed endpoint again, or bring the attributes about."""
        state = self.observe()
        if state is None:
            # The mark comes first: a run that is killed between the two still knows whose it is.
            self._account.client("sns").tag_resource(
                ResourceArn=self._topic_arn, Tags=marks.as_list({self._mark: marks.BY_SETUP})
            )
            self._subscribe(Attributes=self._attributes())
        elif not state.confirmed:
            self._subscribe()  # attributes that differ from the pending ones would be refused
        else:
            self._adjust(state)

    def _adjust(self, state: SubscriptionState) -> None:
        for _, name, value in self._changes(state):
            self._set(state, name, value)

    def plan_removal(self) -> Step:
        """Return what `remove` would do now."""
        state = self.observe()
        if state is None:
            return NOT_THERE
        if self._mark not in self._tags():
            if state.dead_letter_arn == self._dead_letter_arn:
                return Step(Action.REMOVE, ("its dead-letter queue; it was there before and stays",))
            return Step(Action.LEAVE, ("was there before",))
        if state.arn is None:
            return Step(Action.LEAVE, ("was never confirmed; SNS drops it by itself within days",))
        return Step(Action.REMOVE)

    @plainly
    def remove(self) -> None:
        """Unsubscribe what was subscribed here; take our queue from a subscription that was adopted."""
        step, state, tags = self.plan_removal(), self.observe(), self._tags()
        if step.action != Action.REMOVE or state is None:
            return
        if self._mark not in tags:
            self._set(state, "RedrivePolicy", None)
            return
        sns = self._account.client("sns")
        sns.unsubscribe(SubscriptionArn=state.arn)
        if not marks.made(tags):  # a topic of our own goes next, and until then knows by it whose this was
            sns.untag_resource(ResourceArn=self._topic_arn, TagKeys=[self._mark])

    def permissions(self, mode: Mode) -> tuple[Permission, ...]:
        """Return the IAM permissions that the calls of `mode` need: some name no resource."""
        return Permission(_ON_TOPIC[mode], self._topic_arn), Permission(_ANYWHERE[mode])

    def _read(self, arn: str) -> SubscriptionState:
        answer = self._account.client("sns").get_subscription_attributes(SubscriptionArn=arn)
        attributes = answer["Attributes"]
        return SubscriptionState(
            endpoint=self.name,
            confirmed=attributes.get("PendingConfirmation") == "false",
            arn=arn,
            raw=attributes.get("RawMessageDelivery") == "true",
            retry_policy=json.loads(attributes.get("DeliveryPolicy") or "{}").get("healthyRetryPolicy"),
            dead_letter_arn=json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn"),
        )

    def _changes(self, state: SubscriptionState) -> Iterator[tuple[str, str, str]]:
        """Yield a text, an attribute's name and the value that it should have."""
        wanted = self._attributes()
        if state.raw:
            yield "raw delivery off", "RawMessageDelivery", wanted["RawMessageDelivery"]
        found = state.retry_policy or {}
        if any(found.get(name) != value for name, value in RETRY_POLICY.items()):
            yield "SNS tries for 3,600 s", "DeliveryPolicy", wanted["DeliveryPolicy"]
        if state.dead_letter_arn != self._dead_letter_arn:
            yield f"dead letters go to {self._dead_letter_arn}", "RedrivePolicy", wanted["RedrivePolicy"]

    def _attributes(self) -> dict[str, str]:
        return {
            "RawMessageDelivery": "false",  # a raw message carries no signature
            "DeliveryPolicy": json.dumps({"healthyRetryPolicy": RETRY_POLICY}),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": self._dead_letter_arn}),
        }

    def _subscribe(self, **more: Any) -> None:
        self._account.client("sns").subscribe(
            TopicArn=self._topic_arn,
            Protocol=self.name.partition(":")[0],
            Endpoint=self.name,
            ReturnSubscriptionArn=True,
            **more,
        )

    def _set(self, state: SubscriptionState, name: str, value: str | None) -> None:
        """Set an attribute; SNS takes a redrive policy away where no value is given, and no empty one."""
        given = {} if value is None else {"AttributeValue": value}
        self._account.client("sns").set_subscription_attributes(
            SubscriptionArn=state.arn, AttributeName=name, **given
        )

    @property
    def _mark(self) -> str:
        return marks.subscription_mark(self.name)

    def _tags(self) -> dict[str, str]:
        answer = self._account.client("sns").list_tags_for_resource(ResourceArn=self._topic_arn)
        return marks.as_mapping(answer["Tags"])
