"""Everything that checks may ask about one target; each fact is fetched once, when the first check asks."""

from dataclasses import dataclass, field
from typing import Protocol

from config_service.providers.aws_health.account_health import AccountHealth
from config_service.providers.aws_health.records import AccessKey, Caller, SendingAccount, SendPoint
from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.configuration_sets import ConfigurationSetState
from config_service.providers.aws_setup.dead_letter_queue import QueueState
from config_service.providers.aws_setup.identities import IdentityState
from config_service.providers.aws_setup.identity_notifications import NotificationsState
from config_service.providers.aws_setup.subscription import SubscriptionState
from config_service.providers.aws_setup.topic_policy import TopicState
from config_service.services.doctor.domain_facts import DomainFacts
from config_service.services.doctor.local_facts import LocalFacts
from config_service.services.doctor.once import Once
from config_service.services.doctor.target import Target
from config_service.services.doctor.topic_facts import TopicFacts
from config_service.services.drift.drift import DriftSample
from shared.addresses import domain_of
from shared.sns import region_of


class Sampler(Protocol):
    """Compares a sample of SES's account-level list with ours."""

    def __call__(self, target: Target, account: AccountResources) -> DriftSample:
        """Return the sample."""
        ...


@dataclass(frozen=True, slots=True)
class Facts:
    """One examination's facts. `account` raises where the target's credentials make no client."""

    target: Target
    local: LocalFacts
    account: AccountResources
    health: AccountHealth
    topics: TopicFacts
    domain: DomainFacts
    sampler: Sampler
    once: Once = field(default_factory=Once)

    def caller(self) -> Caller:
        """Return whose the credentials are."""
        return self.once.get("caller", self.health.caller)

    def access_keys(self) -> tuple[AccessKey, ...]:
        """Return the caller's access keys."""
        return self.once.get("access keys", self.health.access_keys)

    def sending(self) -> SendingAccount:
        """Return how the account may send."""
        return self.once.get("sending", self.health.sending)

    def statistics(self) -> tuple[SendPoint, ...]:
        """Return the account's mail of the last two weeks."""
        return self.once.get("statistics", self.health.statistics)

    def drift(self) -> DriftSample:
        """Return how much of what SES put on its list lately is not on ours."""
        return self.sampler(self.target, self.account)

    def identity(self) -> IdentityState | None:
        """Return the identity that the sender sends by: its address's, its domain's, or one above."""
        return self.once.get("identity", self._identity)

    def notifications(self) -> NotificationsState | None:
        """Return where that identity's notifications go."""
        identity = self.identity()
        if identity is None:
            return None
        found = self.account.notifications(identity.name, "")
        return self.once.get("notifications", found.observe)

    def set_name(self) -> str | None:
        """Return the configuration set that mail goes by: the settings', else the identity's own."""
        if self.target.configuration_set:
            return self.target.configuration_set
        identity = self.identity() if self.target.sender else None
        return identity.configuration_set if identity else None

    def configuration_set(self) -> ConfigurationSetState | None:
        """Return that configuration set; None where there is none of its name."""
        found = self.account.configuration_set(self.set_name() or "", "", "")
        return self.once.get("configuration set", found.observe)

    @property
    def known_topics(self) -> tuple[str, ...]:
        """The topics whose messages the webhook believes for this target."""
        own = (self.target.topic_arn,) if self.target.topic_arn else ()
        return (*own, *self.local.shared_topics)

    @property
    def topic_arn(self) -> str | None:
        """The topic that should carry the target's events: its own, else a shared one of its region."""
        known = self.known_topics
        here = [each for each in known if region_of(each) == self.target.region]
        return self.target.topic_arn or next(iter((*here, *known)), None)

    def topic(self) -> TopicState | None:
        """Return that topic, or None where it does not exist."""
        return self.once.get("topic", lambda: self.topics.topic(self._topic_arn))

    def lists_topic(self) -> bool:
        """Whether the target's own credentials see the topic among their account's."""
        return self.once.get("lists topic", lambda: self.health.lists_topic(self._topic_arn))

    def endpoints(self) -> list[str]:
        """Return where that topic's HTTP subscriptions lead."""
        return self.once.get("endpoints", lambda: self.topics.endpoints(self._topic_arn))

    @property
    def known_endpoint(self) -> str | None:
        """The webhook's URL as a subscription has it, where a check has looked, and where it may stay."""
        found = self.topics.webhook_among(self.once.known("endpoints") or ())
        return found if found and (self.local.allow_http or found.startswith("https:")) else None

    def subscription(self) -> SubscriptionState | None:
        """Return the webhook's subscription to that topic."""
        return self.once.get("subscription", self._subscription)

    def queue(self) -> QueueState | None:
        """Return the subscription's dead-letter queue."""
        subscription = self.subscription()
        arn = subscription.dead_letter_arn if subscription else None
        return self.once.get("queue", lambda: self.topics.queue(arn or "", self._topic_arn))

    @property
    def _topic_arn(self) -> str:
        return self.topic_arn or ""

    def _identity(self) -> IdentityState | None:
        sender = self.target.sender or ""
        labels = domain_of(sender).split(".")
        domains = (".".join(labels[place:]) for place in range(len(labels) - 1))
        states = (self.account.identity(name).observe() for name in (sender, *domains))
        return next((state for state in states if state), None)

    def _subscription(self) -> SubscriptionState | None:
        endpoint = self.topics.webhook_among(self.endpoints())
        return self.topics.subscription(self._topic_arn, endpoint) if endpoint else None
