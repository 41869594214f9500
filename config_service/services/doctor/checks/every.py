"""All checks, in the order in which they are shown."""

from config_service.services.doctor.checks import (
    account,
    activity,
    configuration_set,
    credentials,
    dead_letters,
    dns,
    drift,
    identity,
    mapping,
    notifications,
    reputation,
    settings,
    subscription,
    topic,
)
from config_service.services.doctor.checks.check import Check

EVERY_CHECK: tuple[Check, ...] = (
    *settings.CHECKS,
    *credentials.CHECKS,
    *account.CHECKS,
    *identity.CHECKS,
    *dns.CHECKS,
    *configuration_set.CHECKS,
    *notifications.CHECKS,
    *topic.CHECKS,
    *subscription.CHECKS,
    *dead_letters.CHECKS,
    *mapping.CHECKS,
    *activity.CHECKS,
    *reputation.CHECKS,
    *drift.CHECKS,
)
