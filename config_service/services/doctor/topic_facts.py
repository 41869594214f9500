"""The topic, its subscription and its queue, by the credentials of whoever's account they are in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.dead_letter_queue import QueueState
from config_service.providers.aws_setup.subscription import SubscriptionState
from config_service.providers.aws_setup.topic_policy import TopicState
from config_service.providers.webhook_endpoint import Answer
from config_service.services.doctor.once import Once
from config_service.services.doctor.unseen import UnseenError
from shared.errors import ServiceError
from shared.sns import region_of

WEBHOOK_PATH = "/api/v1/webhooks/ses"
Connect = Callable[[str | None], AccountResources]


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """Looks at resources by their ARNs; `platform` connects to the platform's account in a region."""

    own: AccountResources
    platform: Connect
    look: Callable[[str], Answer]
    once: Once = field(default_factory=Once)

    def topic(self, arn: str) -> TopicState | None:
        """Return the topic, or None where it does not exist."""
        return self._holder(arn).topic(_name(arn)).observe()

    def endpoints(self, arn: str) -> list[str]:
        """Return where its HTTP subscriptions lead."""
        return self._holder(arn).endpoints_of(arn)

    def webhook_among(self, endpoints: Sequence[str]) -> str | None:
        """Return the endpoint that has the webhook's path, an https one first."""
        ours = [each for each in endpoints if urlsplit(each).path.rstrip("/") == WEBHOOK_PATH]
        return min(ours, key=lambda each: not each.startswith("https:"), default=None)

    def subscription(self, arn: str, endpoint: str) -> SubscriptionState | None:
        """Return the topic's subscription of this endpoint."""
        return self._holder(arn).subscription(arn, endpoint, "").observe()

    def queue(self, arn: str, topic_arn: str) -> QueueState | None:
        """Return the dead-letter queue, or None where it does not exist."""
        return self._holder(topic_arn).dead_letter_queue(_name(arn), topic_arn).observe()

    def answer(self, endpoint: str) -> Answer:
        """Return what the webhook's URL answers to something that is no message."""
        return self.once.get(("answer", endpoint), lambda: self.look(endpoint))

    def _holder(self, arn: str) -> AccountResources:
        return self.once.get(("holder", arn), lambda: self._find_holder(arn))

    def _find_holder(self, arn: str) -> AccountResources:
        region, account = region_of(arn), arn.split(":")[4]
        failure: ServiceError | None = None
        for connect in (None, self.platform):
            try:
                found = connect(region) if connect else self.own
                if (found.place.region, found.place.account) == (region, account):
                    return found
            except ServiceError as error:
                failure = error
        if failure is not None:
            raise failure
        raise UnseenError(
            f"{arn} is in AWS account {account}, whose credentials are not here.",
            hint="Look at the topic with that account's own credentials.",
        )


def _name(arn: str) -> str:
    return arn.rpartition(":")[2]
