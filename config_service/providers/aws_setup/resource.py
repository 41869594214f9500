"""What every resource of the set-up offers: seen as it is, planned, brought about, and taken away again."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Action(StrEnum):
    """What a plan does about one resource."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REMOVE = "remove"
    LEAVE = "left alone"


class Mode(StrEnum):
    """What a run is for; each needs permissions of its own."""

    SHOW = "dry-run"
    SET_UP = "setup"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Step:
    """What would be done about a resource, and why, in words for a table."""

    action: Action
    details: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything would be done."""
        return self.action in (Action.CREATE, Action.UPDATE, Action.REMOVE)


@dataclass(frozen=True, slots=True)
class Permission:
    """IAM actions on one resource; `arn` is `*` where AWS knows no narrower one for the action."""

    actions: tuple[str, ...]
    arn: str = "*"


class Resource(Protocol):
    """One thing that the set-up makes; every method looks anew, so that a run can be repeated."""

    @property
    def kind(self) -> str:
        """What it is, in AWS's word."""
        ...

    @property
    def name(self) -> str:
        """Which one it is."""
        ...

    def plan(self) -> Step:
        """Return what `apply` would do now."""
        ...

    def apply(self) -> None:
        """Bring the resource about; nothing is done where it is as it should be."""
        ...

    def plan_removal(self) -> Step:
        """Return what `remove` would do now."""
        ...

    def remove(self) -> None:
        """Take away what `apply` made, and only that."""
        ...

    def permissions(self, mode: Mode) -> tuple[Permission, ...]:
        """Return the IAM permissions that the calls of `mode` need."""
        ...


UNCHANGED = Step(Action.UNCHANGED)
NOT_THERE = Step(Action.UNCHANGED, ("is not there",))
