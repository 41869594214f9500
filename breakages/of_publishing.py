"""What goes wrong with the configuration set, by which SES publishes the clinic's events."""

from collections.abc import Mapping
from typing import Any

from breakages.breakage import Breakage, doing
from breakages.loop import DOMAIN, REGION, SET, Loop

_STRANGER = f"arn:aws:sns:{REGION}:999999999999:somebody-elses"
_BOTH = ("configuration_set.publishes", "notifications.topics")


def _destination(loop: Loop) -> dict[str, Any]:
    answer = loop.aws("sesv2").get_configuration_set_event_destinations(ConfigurationSetName=SET)
    found: dict[str, Any] = answer["EventDestinations"][0]
    return found


def _change(loop: Loop, changes: Mapping[str, Any]) -> None:
    now = _destination(loop)
    kept = {name: now[name] for name in ("Enabled", "MatchingEventTypes", "SnsDestination")}
    loop.aws("sesv2").update_configuration_set_event_destination(
        ConfigurationSetName=SET, EventDestinationName=now["Name"], EventDestination=kept | dict(changes)
    )


def _notify(loop: Loop, topic: str | None) -> None:
    more = {"SnsTopic": topic} if topic else {}
    for kind in ("Bounce", "Complaint", "Delivery"):
        loop.aws("ses").set_identity_notification_topic(Identity=DOMAIN, NotificationType=kind, **more)


BREAKAGES = (
    Breakage(
        "The configuration set is deleted",
        lambda loop: loop.aws("sesv2").delete_configuration_set(ConfigurationSetName=SET),
        "configuration_set.exists",
        "configuration_set_missing",
        with_it=("notifications.topics",),
    ),
    Breakage(
        "The configuration set's event destination is switched off",
        lambda loop: _change(loop, {"Enabled": False}),
        "configuration_set.publishes",
        "event_destination_disabled",
        with_it=_BOTH,
        repair=doing("it was switched on, as in the console", lambda loop: _change(loop, {"Enabled": True})),
    ),
    Breakage(
        "The configuration set publishes deliveries only",
        lambda loop: _change(loop, {"MatchingEventTypes": ["DELIVERY"]}),
        "configuration_set.publishes",
        "events_not_published",
        with_it=_BOTH,
    ),
    Breakage(
        "The configuration set publishes no deliveries",
        lambda loop: _change(loop, {"MatchingEventTypes": ["BOUNCE", "COMPLAINT"]}),
        "configuration_set.publishes",
        "events_partly_published",
        status="warn",
        with_it=_BOTH,
    ),
    Breakage(
        "The configuration set publishes to somebody else's topic",
        lambda loop: _change(loop, {"SnsDestination": {"TopicArn": _STRANGER}}),
        "configuration_set.publishes",
        "events_to_unknown_topic",
        with_it=_BOTH,
    ),
    Breakage(
        "The identity's notifications are switched on as well",
        lambda loop: _notify(loop, loop.topic_arn),
        "events.once",
        "events_twice",
        status="warn",
        repair=doing("they were cleared, as in the console", lambda loop: _notify(loop, None)),
    ),
)
