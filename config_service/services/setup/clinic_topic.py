"""The topic's ARN in a clinic's settings: by it the webhook knows the topic, and whose events it carries."""

from config_service.providers.aws_setup.resource import (
    NOT_THERE,
    UNCHANGED,
    Action,
    Mode,
    Permission,
    Step,
)
from config_service.providers.aws_setup.topic import Topic
from config_service.services.communication_config import CommunicationConfigService
from config_service.services.setup.clinic_targets import ClinicTarget, ClinicTargets


class ClinicTopic:
    """A setting of ours that is planned and brought about as AWS's resources are; saving it is audited."""

    kind = "clinic's setting"

    def __init__(
        self,
        configs: CommunicationConfigService,
        targets: ClinicTargets,
        target: ClinicTarget,
        topic: Topic,
        actor: str,
    ) -> None:
        """Take the clinic, the topic, and who is to stand in the audit trail."""
        self._configs = configs
        self._targets = targets
        self._target = target
        self._topic = topic
        self._actor = actor
        self.name = f"snsTopicArn of {target.clinic_id}"

    def plan(self) -> Step:
        """Return what `apply` would do."""
        before = self._stored()
        if before == self._topic.arn:
            return UNCHANGED
        if before is None:
            return Step(Action.CREATE, (self._topic.arn,))
        return Step(Action.UPDATE, (f"{before} becomes {self._topic.arn}",))

    def apply(self) -> None:
        """Store the ARN."""
        if self.plan().changes:
            self._save(self._topic.arn)

    def plan_removal(self) -> Step:
        """Return what `remove` would do: the setting goes, or stays, with the topic."""
        if self._stored() != self._topic.arn:
            return NOT_THERE
        return Step(Action.REMOVE) if self._topic.goes() else Step(Action.LEAVE, ("the topic stays",))

    def remove(self) -> None:
        """Take the ARN out."""
        if self.plan_removal().changes:
            self._save(None)

    def permissions(self, _: Mode) -> tuple[Permission, ...]:
        """Return none: AWS has no part in it."""
        return ()

    def _stored(self) -> str | None:
        return self._targets.stored_topic(self._target.clinic_id)

    def _save(self, topic_arn: str | None) -> None:
        self._configs.save_topic(
            clinic_id=self._target.clinic_id,
            actor=self._actor,
            region=self._target.region,
            topic_arn=topic_arn,
        )
