"""Which events SES publishes, by the configuration set or the identity's notifications, and where to."""

from config_service.providers.aws_setup.configuration_sets import EVENT_TYPES
from config_service.providers.aws_setup.identity_notifications import KINDS
from config_service.services.doctor.facts import Facts

NEEDED = frozenset({"BOUNCE", "COMPLAINT"})
OF_NOTIFICATIONS = frozenset(kind.upper() for kind in KINDS)
OF_SETS = frozenset(EVENT_TYPES)


def by_set(facts: Facts) -> frozenset[str]:
    """Return the types that the configuration set publishes to known topics; none where none is used."""
    state = facts.configuration_set() if facts.set_name() else None
    if state is None:
        return frozenset()
    return frozenset().union(*(state.published(arn) for arn in facts.known_topics))


def by_notifications(facts: Facts) -> frozenset[str]:
    """Return the kinds that the identity's notifications bring to known topics, in the sets' spelling."""
    state = facts.notifications() if facts.target.sender else None
    if state is None:
        return frozenset()
    return frozenset(kind.upper() for kind, arn in state.topics.items() if arn in facts.known_topics)
