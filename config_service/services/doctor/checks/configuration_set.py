"""The configuration set: it exists, and publishes each needed event to a known topic."""

from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.checks.publishing import (
    NEEDED,
    OF_NOTIFICATIONS,
    OF_SETS,
    by_notifications,
    by_set,
)
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned


def _exists(facts: Facts) -> Outcome:
    name = facts.set_name()
    if name is None:
        return passed("none is used")
    if facts.configuration_set() is None:
        return failed("configuration_set_missing", f"{name} does not exist here", set=name)
    return passed(name)


def _publishes(facts: Facts) -> Outcome | None:
    name = facts.set_name()
    state = facts.configuration_set() if name else None
    if name is None or state is None:
        return None
    found = by_set(facts)
    to_sns = [each for each in state.destinations if each.topic_arn]
    off = [each for each in to_sns if not each.enabled]
    strange = [each.topic_arn for each in to_sns if each.topic_arn not in facts.known_topics]
    if off and not found >= NEEDED:
        return failed("event_destination_disabled", f"{off[0].name} is switched off", set=name)
    if strange and not found >= NEEDED:
        return failed("events_to_unknown_topic", f"{name} publishes to {strange[0]}", set=name)
    return _complete(name, found, by_notifications(facts))


def _complete(name: str, found: frozenset[str], otherwise: frozenset[str]) -> Outcome:
    missing = ", ".join(sorted(OF_SETS - found))
    if not found | otherwise >= NEEDED:
        return failed("events_not_published", f"{name} does not publish {missing} to a known topic", set=name)
    if not found | otherwise >= OF_SETS:
        return warned("events_partly_published", f"{name} does not publish {missing}", set=name)
    return passed(f"{name} publishes {', '.join(sorted(found))}")


def _twice(facts: Facts) -> Outcome | None:
    found, notified = by_set(facts), by_notifications(facts)
    if not found and not notified:
        return None
    both = sorted(found & notified & OF_NOTIFICATIONS)
    if both:
        identity = facts.identity()
        name = identity.name if identity else ""
        return warned("events_twice", f"both publish {', '.join(both)}", identity=name)
    return passed("each event comes by one way")


CHECKS = (
    Check("configuration_set.exists", "Configuration set", _exists),
    Check("configuration_set.publishes", "Its event destinations", _publishes),
    Check("events.once", "Events by one way only", _twice),
)
