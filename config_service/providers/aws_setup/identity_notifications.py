"""Where SES sends an identity's bounces, complaints and deliveries: one topic for each kind.

https://docs.aws.amazon.com/ses/latest/dg/configure-sns-notifications.html
https://docs.aws.amazon.com/ses/latest/APIReference/API_SetIdentityNotificationTopic.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from config_service.providers.aws_setup import marks
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import plainly
from config_service.providers.aws_setup.resource import NOT_THERE, UNCHANGED, Action, Mode, Permission, Step

KINDS = ("Bounce", "Complaint", "Delivery")

_READS = ("ses:GetEmailIdentity", "ses:ListTagsForResource")
_ON_IDENTITY: dict[Mode, tuple[str, ...]] = {
    Mode.SHOW: _READS,
    Mode.SET_UP: (*_READS, "ses:TagResource"),
    Mode.REMOVE: (*_READS, "ses:UntagResource"),
}
_SEES = ("ses:GetIdentityNotificationAttributes",)
_SETS = (*_SEES, "ses:SetIdentityNotificationTopic")
_ANYWHERE: dict[Mode, tuple[str, ...]] = {Mode.SHOW: _SEES, Mode.SET_UP: _SETS, Mode.REMOVE: _SETS}


@dataclass(frozen=True, slots=True)
class NotificationsState:
    """The topics of an identity by kind; a kind that nobody hears of is missing."""

    topics: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)


class IdentityNotifications:
    """An identity's three topics; the identity itself is not made here."""

    kind = "identity notifications"

    def __init__(self, account: AwsAccount, identity: str, topic_arn: str, *, replace: bool = False) -> None:
        """Take the topic; one that somebody chose before gives way only with `replace`."""
        self._account = account
        self._topic_arn = topic_arn
        self._replace = replace
        self.name = identity

    @plainly
    def observe(self) -> NotificationsState | None:
        """Return where the identity's notifications go, or None where there is no such identity."""
        ses, v2 = self._account.client("ses"), self._account.client("sesv2")
        try:
            v2.get_email_identity(EmailIdentity=self.name)
            tags = v2.list_tags_for_resource(ResourceArn=self._arn)["Tags"]
        except v2.exceptions.NotFoundException:
            return None
        answer = ses.get_identity_notification_attributes(Identities=[self.name])
        found = answer["NotificationAttributes"].get(self.name, {})
        topics = {kind: found[f"{kind}Topic"] for kind in KINDS if found.get(f"{kind}Topic")}
        return NotificationsState(topics, marks.as_mapping(tags))

    def plan(self) -> Step:
        """Return what `apply` would do now."""
        state = self.observe()
        if state is None:
            hint = f"no such identity here: python -m config_service identity create {self.name}"
            return Step(Action.LEAVE, (hint,))
        wanted, others = list(self._wanted(state)), list(self._others(state))
        remarks = [f"{kind} goes to {state.topics[kind]}: --replace changes that" for kind in others]
        if wanted:
            return Step(Action.UPDATE, (f"{', '.join(wanted)} to the topic", *remarks))
        return Step(Action.LEAVE, tuple(remarks)) if remarks else UNCHANGED

    @plainly
    def apply(self) -> None:
        """Set the topic for every kind that has none or, with `replace`, another one."""
        state = self.observe()
        for kind in self._wanted(state) if state else ():
            assert state is not None
            before = state.topics.get(kind, marks.NOBODY)
            # The mark comes first: a run that is killed between the two still knows what stood there.
            self._account.client("sesv2").tag_resource(
                ResourceArn=self._arn, Tags=marks.as_list({marks.notification_mark(kind): before})
            )
            self._set(kind, self._topic_arn)

    def plan_removal(self) -> Step:
        """Return what `remove` would do now."""
        state = self.observe()
        if state is None:
            return NOT_THERE
        made = list(self._made(state))
        if made:
            return Step(Action.REMOVE, (f"{', '.join(made)}; what stood there before comes back",))
        return Step(Action.LEAVE, ("was there before",)) if state.topics else NOT_THERE

    @plainly
    def remove(self) -> None:
        """Put back what stood there before, for the kinds that were set here."""
        state = self.observe()
        for kind in self._made(state) if state else ():
            assert state is not None
            before = state.tags[marks.notification_mark(kind)]
            self._set(kind, None if before == marks.NOBODY else before)
            self._account.client("sesv2").untag_resource(
                ResourceArn=self._arn, TagKeys=[marks.notification_mark(kind)]
            )

    def permissions(self, mode: Mode) -> tuple[Permission, ...]:
        """Return the IAM permissions that the calls of `mode` need; those of SES v1 name no resource."""
        return Permission(_ON_IDENTITY[mode], self._arn), Permission(_ANYWHERE[mode])

    def _wanted(self, state: NotificationsState) -> Iterator[str]:
        for kind in KINDS:
            found = state.topics.get(kind)
            if found != self._topic_arn and (found is None or self._replace):
                yield kind

    def _others(self, state: NotificationsState) -> Iterator[str]:
        for kind in KINDS:
            if not self._replace and state.topics.get(kind) not in (None, self._topic_arn):
                yield kind

    def _made(self, state: NotificationsState) -> Iterator[str]:
        for kind in KINDS:
            if state.topics.get(kind) == self._topic_arn and marks.notification_mark(kind) in state.tags:
                yield kind

    def _set(self, kind: str, topic_arn: str | None) -> None:
        given = {} if topic_arn is None else {"SnsTopic": topic_arn}
        self._account.client("ses").set_identity_notification_topic(
            Identity=self.name, NotificationType=kind, **given
        )

    @property
    def _arn(self) -> str:
        return self._account.place.arn("ses", f"identity/{self.name}")
