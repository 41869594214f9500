"""How far each mail of a probe has come, and what to check where it got lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from config_service.clock import Clock

PASSED, WAITING, LOST = "passed", "waiting", "lost"
SENT, EVENT, RECORDED, SUPPRESSED, REMOVED = "sent", "event", "recorded", "suppressed", "removed"


@dataclass(frozen=True, slots=True)
class Hop:
    """A place that a mail or its event has reached, and when: ms after the send began, None if unknown."""

    name: str
    after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """Where the trail ends, and why."""

    hop: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class MailTrail:
    """One mail's trail; without a loss it has come through, or is still `waiting`."""

    mailbox: str
    event: str
    hops: tuple[Hop, ...] = ()
    loss: Loss | None = None
    waiting: bool = False

    @property
    def status(self) -> str:
        """In a word."""
        if self.loss:
            return LOST
        return WAITING if self.waiting else PASSED


@dataclass(frozen=True, slots=True)
class ProbeTrail:
    """A probe as it stands now."""

    probe_id: str
    started_at: int
    mails: tuple[MailTrail, ...]

    @property
    def status(self) -> str:
        """The worst that is certain: a mail that waits may yet get lost."""
        found = {mail.status for mail in self.mails}
        return next(status for status in (WAITING, LOST, PASSED) if status in found)


@dataclass(frozen=True, slots=True)
class Patience:
    """Tells how long ago a send began, and whether its event should have come by now."""

    clock: Clock
    limit_ms: int = 60_000

    def used_up(self, started_at: int) -> bool:
        """Whether no more is waited for."""
        return self.clock() - started_at >= self.limit_ms


def no_event(event: str, clinic_id: str, seen: Sequence[str], seconds: int) -> Loss:
    """Return the loss of a mail that SES took, and whose event never came; others of it may have."""
    told = f"SES accepted the mail, and no {event} event came within {seconds} s."
    if seen:
        hint = (
            f"Its {' and '.join(sorted(seen))} came, so that the way is open: SES does not publish {event}. "
            "Add it to the configuration set's event destination or to the identity's notifications."
        )
    else:
        hint = (
            f"Examine the way from SES to the webhook: python -m config_service doctor --clinic {clinic_id}, "
            "or GET .../communication/health. An event that is only late still counts: ask again."
        )
    return Loss(EVENT, "probe_no_event", told, hint)
