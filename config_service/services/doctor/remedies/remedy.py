"""The shape of a remedy, and the troubles under which people look for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """What people complain of, in their words: the chapters of the troubleshooting guide, in its order."""

    WEBHOOK = "Webhook not receiving events"
    CLINIC = "Cannot identify clinic from email"
    SUPPRESSION = "Suppression list not working"
    CREDENTIALS = "AWS credentials not provided"
    UNVERIFIED = "Email address is not verified"
    SANDBOX = "Account is in sandbox mode"
    RECIPIENT = "Message rejected: recipient not verified"
    QUOTA = "Sending quota exceeded"
    BOUNCES = "High bounce rate"
    COMPLAINTS = "High complaint rate"
    UPDATE = "Failed to update SES configuration"
    TEST = "Test email failed"
    NO_TOPIC = "No SNS topic offered in SES notifications"
    PAUSED = "AWS has stopped the account's mail"
    SPAM = "Mail lands in spam: DKIM, SPF, DMARC, MAIL FROM"
    TWICE = "Events come twice"
    LOST = "Events may get lost"
    KEYS = "Keys grow old"
    UNSEEN = "The doctor could not look"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about one thing that can be wrong. Words in braces are filled with what was seen.

    `sign` says in general what is wrong; `command` is a command or a path through AWS's console. The first
    of `troubles` is the chapter in which the guide tells it, the others point there.
    """

    code: str
    troubles: tuple[Trouble, ...]
    sign: str
    remedy: str
    command: str = ""

    def filled(self, facts: Mapping[str, str]) -> tuple[str, str]:
        """Return remedy and command with `facts` in their braces; raise KeyError where one is missing."""
        return self.remedy.format_map(facts), self.command.format_map(facts)
