"""What goes wrong with the clinic's settings and with its suppression list."""

from breakages.breakage import Breakage, Finding, doing
from breakages.loop import Loop

_OTHER = "clinic-456"
_SAVED = "PUT .../communication/ses"


def _refuse_a_test_email(loop: Loop) -> None:
    loop.settings(configurationSetName="no-such-set")
    loop.test_email(accepted=False)
    loop.settings()


def _suppress_at_ses(loop: Loop) -> None:
    loop.aws("sesv2").put_suppressed_destination(EmailAddress="old@patients.example", Reason="BOUNCE")


def _repair_drift(loop: Loop, finding: Finding) -> str:
    compare = str(finding["command"]).partition(",")[0]
    repairing = f"{compare} --repair --yes"
    return f"$ {loop.terminal.run(repairing)}"


BREAKAGES = (
    Breakage(
        "SES is switched off in the settings",
        lambda loop: loop.settings(enabled=False),
        "settings.enabled",
        "provider_disabled",
        repair=doing(f"it was switched on: {_SAVED}", lambda loop: loop.settings()),
    ),
    Breakage(
        "The settings name a configuration set that there is not",
        lambda loop: loop.settings(configurationSetName="transactoinal"),
        "configuration_set.exists",
        "configuration_set_missing",
        alone=True,
        with_it=("notifications.topics",),
        repair=doing(f"configurationSetName was corrected: {_SAVED}", lambda loop: loop.settings()),
    ),
    Breakage(
        "The last test email was refused",
        _refuse_a_test_email,
        "activity.test_email",
        "test_email_refused",
        repair=doing("a test email was sent again, and accepted", lambda loop: loop.test_email()),
    ),
    Breakage(
        "Another clinic sends from the same address",
        lambda loop: loop.settings(_OTHER),
        "mapping.sender",
        "sender_shared",
        status="warn",
        repair=doing(
            f"the other clinic got an address of its own: {_SAVED}",
            lambda loop: loop.settings(_OTHER, fromEmail="frontdesk@other-clinic.com"),
        ),
    ),
    Breakage(
        "SES's own list has an address that ours lacks",
        _suppress_at_ses,
        "suppression.drift",
        "drift",
        status="warn",
        repair=_repair_drift,
    ),
)
