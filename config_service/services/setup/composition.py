"""A run put together: its resources in the order in which they are brought about."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from config_service.providers.aws_setup.iam_policy import iam_policy
from config_service.providers.aws_setup.resource import Mode, Resource, Step
from config_service.providers.aws_setup.subscription import Subscription


class Purpose(StrEnum):
    """What a run is composed for; only a set-up looks every clinic up, and a policy asks AWS for nothing."""

    SET_UP = "setup"
    REMOVE = "remove"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Composition:
    """What a run works on. Nothing is switched over to the topic before somebody listens to it.

    `before` leads up to the subscription and `after` publishes; `warnings` are for the operator.
    """

    topic_arn: str
    before: tuple[Resource, ...]
    subscriptions: tuple[Subscription, ...]
    after: tuple[Resource, ...]
    warnings: tuple[str, ...] = ()
    env_lines: tuple[str, ...] = field(default=())

    @property
    def resources(self) -> tuple[Resource, ...]:
        """All resources, in the order in which they are made."""
        return (*self.before, *self.subscriptions, *self.after)

    def plan(self) -> Iterator[tuple[Resource, Step]]:
        """Yield what `apply` would do about each."""
        for resource in self.resources:
            yield resource, resource.plan()

    def plan_removal(self) -> Iterator[tuple[Resource, Step]]:
        """Yield what a removal would do about each, in the order in which they go."""
        for resource in reversed(self.resources):
            yield resource, resource.plan_removal()

    def remove(self) -> Iterator[tuple[Resource, Step]]:
        """Take away what was made; yield what was done, and what was not."""
        for resource in reversed(self.resources):
            step = resource.plan_removal()
            if step.changes:
                resource.remove()
            yield resource, step

    def iam_policy(self, mode: Mode) -> dict[str, Any]:
        """Return the least that a run of `mode` must be allowed."""
        return iam_policy(need for each in self.resources for need in each.permissions(mode))
