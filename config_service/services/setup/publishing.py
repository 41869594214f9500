"""What publishes to a topic in one account: configuration sets, and a sender's identity notifications."""

from collections.abc import Iterator

from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.resource import Resource
from config_service.services.setup.names import destination_of
from config_service.services.setup.request import SetupRequest
from shared.addresses import domain_of


def publishing(
    account: AccountResources,
    topic_arn: str,
    sets: tuple[str, ...],
    identities: tuple[str, ...],
    replace: bool,
) -> tuple[Resource, ...]:
    """Return the configuration sets and the notifications that publish to the topic."""
    destination = destination_of(topic_arn)
    named: Iterator[Resource] = (account.configuration_set(each, topic_arn, destination) for each in sets)
    notified: Iterator[Resource] = (
        account.notifications(each, topic_arn, replace=replace) for each in identities
    )
    return (*named, *notified)


def identities_of(
    account: AccountResources, request: SetupRequest, sender: str | None, *, ask: bool
) -> tuple[str, ...]:
    """Return the identities to be heard of: those asked for, else the one that `sender` sends by.

    SES takes an address's own identity first, then its domain's, then the domain's above that. Without
    asking, all are returned.
    """
    if request.identities is not None or not sender:
        return request.identities or ()
    labels = domain_of(sender).split(".")
    candidates = (sender, *(".".join(labels[place:]) for place in range(len(labels) - 1)))
    if not ask:
        return candidates
    return (next((each for each in candidates if account.identity(each).observe()), candidates[1]),)
