"""SES configuration sets, each with an event destination that publishes to the topic.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-add-event-destination-sns.html
"""

from dataclasses import dataclass, field

from config_service.providers.aws_setup import marks
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import plainly
from config_service.providers.aws_setup.resource import NOT_THERE, UNCHANGED, Action, Mode, Permission, Step

# Whatever says what became of a message; a Send says no more than SES's answer to the send does.
EVENT_TYPES = ("BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "REJECT", "RENDERING_FAILURE")

_READS = ("ses:GetConfigurationSet", "ses:GetConfigurationSetEventDestinations")
_NEEDS: dict[Mode, tuple[str, ...]] = {
    Mode.SHOW: _READS,
    Mode.SET_UP: (
        *_READS,
        "ses:CreateConfigurationSet",
        "ses:CreateConfigurationSetEventDestination",
        "ses:TagResource",
        "ses:UpdateConfigurationSetEventDestination",
    ),
    Mode.REMOVE: (*_READS, "ses:DeleteConfigurationSet", "ses:DeleteConfigurationSetEventDestination"),
}


@dataclass(frozen=True, slots=True)
class EventDestination:
    """One event destination; `topic_arn` is None where it publishes elsewhere than to SNS."""

    name: str
    enabled: bool
    types: frozenset[str]
    topic_arn: str | None


@dataclass(frozen=True, slots=True)
class ConfigurationSetState:
    """A configuration set as it is."""

    destinations: tuple[EventDestination, ...]
    tags: dict[str, str] = field(default_factory=dict)

    def published(self, topic_arn: str) -> frozenset[str]:
        """Return the types that come to the topic, by whichever destination."""
        found = [each.types for each in self.destinations if each.enabled and each.topic_arn == topic_arn]
        return frozenset().union(*found)


class ConfigurationSet:
    """A configuration set, made or adopted by its name; its event destination is ours by its name."""

    kind = "configuration set"

    def __init__(self, account: AwsAccount, name: str, topic_arn: str, destination: str) -> None:
        """Take the topic, and what the event destination is called."""
        self._account = account
        self._topic_arn = topic_arn
        self._destination = destination
        self.name = name

    @plainly
    def observe(self) -> ConfigurationSetState | None:
        """Return the configuration set as it is, or None."""
        ses = self._account.client("sesv2")
        try:
            tags = ses.get_configuration_set(ConfigurationSetName=self.name).get("Tags", [])
            found = ses.get_configuration_set_event_destinations(ConfigurationSetName=self.name)
        except ses.exceptions.NotFoundException:
            return None
        destinations = tuple(
            EventDestination(
                each["Name"],
                bool(each.get("Enabled")),
                frozenset(each.get("MatchingEventTypes", [])),
                each.get("SnsDestination", {}).get("TopicArn"),
            )
            for each in found.get("EventDestinations", [])
        )
        return ConfigurationSetState(destinations, marks.as_mapping(tags))

    def plan(self) -> Step:
        """Return what `apply` would do now."""
        state = self.observe()
        if state is None:
            return Step(Action.CREATE, (f"publishes {', '.join(EVENT_TYPES)}",))
        missing = [kind for kind in EVENT_TYPES if kind not in state.published(self._topic_arn)]
        return Step(Action.UPDATE, (f"publishes {', '.join(missing)} as well",)) if missing else UNCHANGED

    @plainly
    def apply(self) -> None:
        """Create the set, and our destination in it, as far as they are missing."""
        ses, state = self._account.client("sesv2"), self.observe()
        if state is None:
            tags = marks.as_list({marks.MADE: marks.BY_SETUP})
            ses.create_configuration_set(ConfigurationSetName=self.name, Tags=tags)
            state = ConfigurationSetState(())
        if state.published(self._topic_arn).issuperset(EVENT_TYPES):
            return
        change = (
            ses.update_configuration_set_event_destination
            if self._ours(state)
            else ses.create_configuration_set_event_destination
        )
        change(
            ConfigurationSetName=self.name,
            EventDestinationName=self._destination,
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": list(EVENT_TYPES),
                "SnsDestination": {"TopicArn": self._topic_arn},
            },
        )

    def plan_removal(self) -> Step:
        """Return what `remove` would do now."""
        state = self.observe()
        if state is None:
            return NOT_THERE
        if self._whole(state):
            return Step(Action.REMOVE)
        if self._ours(state):
            return Step(Action.REMOVE, (f"its event destination {self._destination}; the set itself stays",))
        return Step(Action.LEAVE, ("was there before",))

    @plainly
    def remove(self) -> None:
        """Delete a set that was made here and holds nobody else's destination; else our destination."""
        ses, state = self._account.client("sesv2"), self.observe()
        if state is not None and self._whole(state):
            ses.delete_configuration_set(ConfigurationSetName=self.name)
        elif state is not None and self._ours(state):
            ses.delete_configuration_set_event_destination(
                ConfigurationSetName=self.name, EventDestinationName=self._destination
            )

    def permissions(self, mode: Mode) -> tuple[Permission, ...]:
        """Return the IAM permissions that the calls of `mode` need."""
        arn = self._account.place.arn("ses", f"configuration-set/{self.name}")
        return (Permission(_NEEDS[mode], arn),)

    def _ours(self, state: ConfigurationSetState) -> bool:
        return any(each.name == self._destination for each in state.destinations)

    def _whole(self, state: ConfigurationSetState) -> bool:
        return marks.made(state.tags) and all(each.name == self._destination for each in state.destinations)
