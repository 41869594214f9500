"""The identity's notifications: bounces, complaints and deliveries go to a known topic."""

from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.checks.publishing import (
    NEEDED,
    OF_NOTIFICATIONS,
    by_notifications,
    by_set,
)
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned


def _topics(facts: Facts) -> Outcome | None:
    state = facts.notifications() if facts.target.sender else None
    if state is None:
        return None
    found, otherwise = by_notifications(facts), by_set(facts)
    together = found | otherwise
    strange = sorted({arn for arn in state.topics.values() if arn not in facts.known_topics})
    if strange and not together >= NEEDED:
        return failed("events_to_unknown_topic", f"they go to {strange[0]}")
    missing = sorted(OF_NOTIFICATIONS - together)
    if not together >= NEEDED:
        return failed("events_not_published", f"nobody publishes {', '.join(missing)} to a known topic")
    if missing:
        return warned("events_partly_published", f"nobody publishes {', '.join(missing)} to a known topic")
    if strange:
        return passed(f"they go to {', '.join(strange)}; the configuration set brings the events here")
    return passed(f"{', '.join(sorted(found))}" if found else "off; the configuration set brings the events")


CHECKS = (Check("notifications.topics", "Identity notifications", _topics),)
