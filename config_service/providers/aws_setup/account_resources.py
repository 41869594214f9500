"""The resources of one account in one region, by what they are called."""

from collections.abc import Collection
from dataclasses import dataclass

from config_service.providers.aws_setup.account import AwsAccount, Place
from config_service.providers.aws_setup.configuration_sets import ConfigurationSet
from config_service.providers.aws_setup.dead_letter_queue import DeadLetterQueue
from config_service.providers.aws_setup.identities import Identity
from config_service.providers.aws_setup.identity_notifications import IdentityNotifications
from config_service.providers.aws_setup.refusals import plainly
from config_service.providers.aws_setup.subscription import Subscription
from config_service.providers.aws_setup.subscriptions_of import endpoints_of
from config_service.providers.aws_setup.topic import Topic


@dataclass(frozen=True, slots=True)
class AccountResources:
    """Hands out resources of one account."""

    account: AwsAccount

    @property
    def place(self) -> Place:
        """Partition, region and account; the first question asks AWS."""
        return self.account.place

    def topic(self, name: str, publishers: Collection[str] = (), *, all_known: bool = True) -> Topic:
        """Return the topic of this name, to which SES may publish for the accounts `publishers`."""
        return Topic(self.account, name, publishers, all_known=all_known)

    def dead_letter_queue(self, name: str, topic_arn: str) -> DeadLetterQueue:
        """Return the queue of this name, to which only the topic may send."""
        return DeadLetterQueue(self.account, name, topic_arn)

    def subscription(self, topic_arn: str, endpoint: str, dead_letter_arn: str) -> Subscription:
        """Return the topic's subscription of this endpoint."""
        return Subscription(self.account, topic_arn, endpoint, dead_letter_arn)

    @plainly
    def endpoints_of(self, topic_arn: str) -> list[str]:
        """Return every HTTP endpoint that is subscribed to the topic, whoever did it."""
        return endpoints_of(self.account, topic_arn)

    def configuration_set(self, name: str, topic_arn: str, destination: str) -> ConfigurationSet:
        """Return the configuration set of this name, whose event destination publishes to the topic."""
        return ConfigurationSet(self.account, name, topic_arn, destination)

    def notifications(self, identity: str, topic_arn: str, *, replace: bool = False) -> IdentityNotifications:
        """Return the notifications of an identity."""
        return IdentityNotifications(self.account, identity, topic_arn, replace=replace)

    def identity(self, name: str, mail_from: str | None = None) -> Identity:
        """Return the identity of this name."""
        return Identity(self.account, name, mail_from)
