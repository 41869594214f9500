"""The SNS topic to which SES publishes, and the policy that lets it.

https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
"""

import json
from collections.abc import Collection, Iterator

from config_service.providers.aws_setup import marks
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import plainly
from config_service.providers.aws_setup.resource import (
    NOT_THERE,
    UNCHANGED,
    Action,
    Mode,
    Permission,
    Step,
)
from config_service.providers.aws_setup.statements import (
    only_statement,
    read_policy,
    same,
    statement_of,
    statements_of,
    with_statement,
    without_statement,
)
from config_service.providers.aws_setup.subscriptions_of import others_subscribed
from config_service.providers.aws_setup.topic_policy import (
    SID,
    TopicState,
    owners_statement,
    publishing_statement,
)

SIGNATURE_VERSION = "2"  # SHA256

_READS = ("sns:GetTopicAttributes", "sns:ListTagsForResource")
_NEEDS: dict[Mode, tuple[str, ...]] = {
    Mode.SHOW: _READS,
    Mode.SET_UP: (*_READS, "sns:CreateTopic", "sns:SetTopicAttributes", "sns:TagResource"),
    Mode.REMOVE: (*_READS, "sns:DeleteTopic", "sns:ListSubscriptionsByTopic", "sns:SetTopicAttributes"),
}


class Topic:
    """A standard topic, made or adopted by its name."""

    kind = "SNS topic"

    def __init__(
        self, account: AwsAccount, name: str, publishers: Collection[str] = (), *, all_known: bool = True
    ) -> None:
        """Take the accounts for which SES may publish.

        Where not `all_known` (a clinic's account could not be found out), accounts that stand in the policy
        already keep their place: a clinic whose key is broken today must not lose its bounces.
        """
        self._account = account
        self._publishers = frozenset(publishers)
        self._all_known = all_known
        self.name = name

    @property
    def arn(self) -> str:
        """The topic's ARN, known before it exists."""
        return self._account.place.arn("sns", self.name)

    @plainly
    def observe(self) -> TopicState | None:
        """Return the topic as it is, or None."""
        sns = self._account.client("sns")
        try:
            attributes = sns.get_topic_attributes(TopicArn=self.arn)["Attributes"]
        except sns.exceptions.NotFoundException:
            return None
        tags = sns.list_tags_for_resource(ResourceArn=self.arn)["Tags"]
        version = str(attributes.get("SignatureVersion") or "1")
        return TopicState(version, read_policy(attributes.get("Policy")), marks.as_mapping(tags))

    def plan(self) -> Step:
        """Return what `apply` would do now."""
        state = self.observe()
        if state is None:
            accounts = ", ".join(sorted(self._publishers))
            return Step(Action.CREATE, (f"signature version 2; SES publishes for {accounts}",))
        remarks = [f"the statement {sid} lets SES publish for anybody" for sid in state.open_statements()]
        changes = list(self._changes(state))
        if not changes:
            return Step(Action.UNCHANGED, tuple(remarks)) if remarks else UNCHANGED
        return Step(Action.UPDATE, (*changes, *remarks))

    @plainly
    def apply(self) -> None:
        """Create the topic, or bring its signature version and our statement about."""
        sns, state = self._account.client("sns"), self.observe()
        if state is None:
            sns.create_topic(
                Name=self.name,
                Attributes={
                    "SignatureVersion": SIGNATURE_VERSION,
                    "Policy": only_statement(publishing_statement(self.arn, self._publishers)),
                },
                Tags=marks.as_list({marks.MADE: marks.BY_SETUP}),
            )
            return
        if state.signature_version != SIGNATURE_VERSION:
            self._set("SignatureVersion", SIGNATURE_VERSION)
        statement = publishing_statement(self.arn, self._wanted(state))
        if not same(statement_of(state.policy, SID), statement):
            self._set("Policy", json.dumps(with_statement(state.policy, statement)))

    def plan_removal(self) -> Step:
        """Return what `remove` would do now."""
        state = self.observe()
        if state is None:
            return NOT_THERE
        if marks.made(state.tags):
            others = others_subscribed(self._account, self.arn, state.tags)
            if not others:
                return Step(Action.REMOVE)
            return Step(Action.LEAVE, (f"others subscribe to it: {', '.join(others)}",))
        if statement_of(state.policy, SID):
            return Step(Action.REMOVE, ("our statement in its policy; the topic was there before and stays",))
        return Step(Action.LEAVE, ("was there before",))

    def goes(self) -> bool:
        """Whether `remove` would leave no topic of this name."""
        state, step = self.observe(), self.plan_removal()
        return state is None or (marks.made(state.tags) and step.action == Action.REMOVE)

    @plainly
    def remove(self) -> None:
        """Delete a topic that was made here; take our statement out of one that was adopted."""
        step, state = self.plan_removal(), self.observe()
        if step.action != Action.REMOVE or state is None:
            return
        if marks.made(state.tags):
            self._account.client("sns").delete_topic(TopicArn=self.arn)
            return
        rest = without_statement(state.policy, SID)
        if not statements_of(rest):  # SNS takes no policy without a statement
            rest = with_statement(rest, owners_statement(self._account.place, self.arn))
        self._set("Policy", json.dumps(rest))

    def permissions(self, mode: Mode) -> tuple[Permission, ...]:
        """Return the IAM permissions that the calls of `mode` need."""
        return (Permission(_NEEDS[mode], self.arn),)

    def _changes(self, state: TopicState) -> Iterator[str]:
        if state.signature_version != SIGNATURE_VERSION:
            yield f"signature version {state.signature_version} becomes {SIGNATURE_VERSION}"
        wanted = self._wanted(state)
        if not same(statement_of(state.policy, SID), publishing_statement(self.arn, wanted)):
            gone = ", ".join(sorted(state.accounts - wanted))
            yield f"SES publishes for {', '.join(sorted(wanted))}" + (f", no more for {gone}" if gone else "")

    def _wanted(self, state: TopicState) -> frozenset[str]:
        return self._publishers if self._all_known else self._publishers | state.accounts

    def _set(self, name: str, value: str) -> None:
        self._account.client("sns").set_topic_attributes(
            TopicArn=self.arn, AttributeName=name, AttributeValue=value
        )
