"""Brings a composition about, and waits in between until the webhook has confirmed its subscription."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from config_service.providers.aws_setup.resource import Resource, Step
from config_service.providers.aws_setup.subscription import Subscription
from config_service.services.setup.composition import Composition
from shared.errors import ServiceError

ASK_AGAIN = 20  # seconds: SNS does not repeat a confirmation that was answered with 4xx
POLL = 1  # seconds


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody waits for a confirmation."""

    seconds_left: int


class NotConfirmedError(ServiceError):
    """The webhook has not confirmed in time."""

    code = "subscription_not_confirmed"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for the confirmation (0: not at all), by which clock, and who looks why none comes."""

    seconds: int
    examine: Callable[[str], str]
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


Progress = tuple[Resource, Step] | Waiting


def apply(composition: Composition, patience: Patience) -> Iterator[Progress]:
    """Bring every resource about and yield what was done; it may be stopped anywhere and done again.

    Raise NotConfirmedError before anything is switched over to a topic that nobody listens to.
    """
    yield from _brought_about(composition.before)
    for subscription in composition.subscriptions:
        yield from _brought_about((subscription,))
        if patience.seconds:
            yield from _confirmed(subscription, composition, patience)
            yield from (done for done in _brought_about((subscription,)) if done[1].changes)
    yield from _brought_about(composition.after)


def _brought_about(resources: tuple[Resource, ...]) -> Iterator[tuple[Resource, Step]]:
    for resource in resources:
        step = resource.plan()
        if step.changes:
            resource.apply()
        yield resource, step


def _confirmed(subscription: Subscription, composition: Composition, patience: Patience) -> Iterator[Waiting]:
    start = asked = patience.clock()
    while not _is_confirmed(subscription):
        now = patience.clock()
        if now - start >= patience.seconds:
            raise _not_confirmed(subscription, composition, patience)
        if now - asked >= ASK_AGAIN:
            subscription.apply()
            asked = now
        yield Waiting(round(patience.seconds - (now - start)))
        patience.sleep(POLL)


def _is_confirmed(subscription: Subscription) -> bool:
    state = subscription.observe()
    return state is not None and state.confirmed


def _not_confirmed(subscription: Subscription, composition: Composition, patience: Patience) -> ServiceError:
    lines = "".join(f"\n  {line}" for line in composition.env_lines)
    known = f" The webhook confirms only topics that it knows: both services need{lines}\nand a restart."
    return NotConfirmedError(
        f"The webhook has not confirmed within {patience.seconds} s. {patience.examine(subscription.name)}",
        hint=f"{known if lines else ''} Then run the same command again: it goes on from here.".strip(),
    )
