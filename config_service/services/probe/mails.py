"""The three mails of a probe: to which mailboxes of SES's simulator, and what each must bring about.

https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
"""

from dataclasses import dataclass

SIMULATOR = "@simulator.amazonses.com"  # what goes there counts towards no rate and no reputation

_PREFIX = "probe-"


@dataclass(frozen=True, slots=True)
class ProbeMail:
    """One mail: the simulator's mailbox, the event that must come of it, and whether that suppresses."""

    mailbox: str
    event: str
    suppresses: bool

    def address(self, probe_id: str) -> str:
        """Return the mailbox with a label, so that every probe has addresses of its own."""
        return f"{self.mailbox}+{probe_id}{SIMULATOR}"

    def test_id(self, probe_id: str) -> str:
        """Return the id under which the mail is written down among the test emails."""
        return f"{_PREFIX}{probe_id}-{self.mailbox}"


MAILS = (
    ProbeMail("success", "Delivery", suppresses=False),
    ProbeMail("bounce", "Bounce", suppresses=True),
    ProbeMail("complaint", "Complaint", suppresses=True),
)
SUPPRESSING = tuple(mail for mail in MAILS if mail.suppresses)


def probe_of(test_id: str) -> str | None:
    """Return the id of the probe that a test email belongs to, or None."""
    return test_id.split("-")[1] if test_id.startswith(_PREFIX) else None
