"""The SES mailbox simulator: which events a recipient's address brings about.

Source: SES Developer Guide, "Using the mailbox simulator". Shapes of the events: "Amazon SNS notification
contents for Amazon SES" and "Examples of event data that Amazon SES publishes to Amazon SNS".
"""

import uuid
from collections.abc import Callable, Collection, Iterator
from typing import Any

from local_aws.envelopes import timestamp

Event = tuple[str, dict[str, Any]]  # its type, and the member of the payload that is named after it
SIMULATOR_DOMAIN = "simulator.amazonses.com"
_MTA = "a8-50.smtp-out.amazonses.com"
_SUPPRESSED = (
    "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an "
    "invalid address. For more information about how to remove an address from the suppression list, see the "
    "Amazon SES Developer Guide: "
    "http://docs.aws.amazon.com/ses/latest/DeveloperGuide/remove-from-suppressionlist.html "
)
_ON_OWN_LIST = (
    "Amazon SES did not send the message to this address because it is on the suppression list for your "
    "account. For more information about removing addresses from the suppression list, see the Amazon SES "
    "Developer Guide at https://docs.aws.amazon.com/ses/latest/DeveloperGuide/sending-email-suppression-list.html"
)
_ON_ACCOUNT_LIST = "on the account's list"  # no mailbox of the simulator is called so


def simulate(recipients: list[str], suppressed: Collection[str] = ()) -> Iterator[Event]:
    """Yield the events of a mail, one for all recipients that share a fate, in the order of their causes.

    `suppressed` are those on the account's own suppression list.
    """
    fates: dict[str, list[str]] = {}
    for address in recipients:
        fate = _ON_ACCOUNT_LIST if address in suppressed else _fate(address)
        fates.setdefault(fate, []).append(address)
    for fate, addresses in fates.items():
        for event in _FATES[fate]:
            yield event(addresses)


def _fate(address: str) -> str:
    """Return the simulator's mailbox without its label; any other address is delivered."""
    local, _, domain = address.lower().rpartition("@")
    name = local.partition("+")[0]
    return name if domain == SIMULATOR_DOMAIN and name in _FATES else "success"


def _delivery(addresses: list[str]) -> Event:
    return "Delivery", {
        "timestamp": timestamp(),
        "processingTimeMillis": 546,
        "recipients": addresses,
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": "127.0.2.0",
        "reportingMTA": _MTA,
    }


def _hard_bounce(addresses: list[str]) -> Event:
    diagnosis = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    return _bounce("Permanent", "General", addresses, diagnosis)


def _suppressed(addresses: list[str]) -> Event:
    diagnosis = {"action": "failed", "status": "5.1.1", "diagnosticCode": _SUPPRESSED}
    return _bounce("Permanent", "Suppressed", addresses, diagnosis)


def _on_account_list(addresses: list[str]) -> Event:
    diagnosis = {"action": "failed", "status": "5.1.1", "diagnosticCode": _ON_OWN_LIST}
    return _bounce("Permanent", "OnAccountSuppressionList", addresses, diagnosis)


def _out_of_office(addresses: list[str]) -> Event:
    return _bounce("Transient", "General", addresses, {})


def _bounce(kind: str, subtype: str, addresses: list[str], diagnosis: dict[str, str]) -> Event:
    return "Bounce", {
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [{"emailAddress": address} | diagnosis for address in addresses],
        "timestamp": timestamp(),
        "feedbackId": _feedback_id(),
        "reportingMTA": "dns; amazonses.com" if "Suppress" in subtype else f"dsn; {_MTA}",
    }


def _complaint(addresses: list[str]) -> Event:
    return "Complaint", {
        "complainedRecipients": [{"emailAddress": address} for address in addresses],
        "timestamp": timestamp(),
        "feedbackId": _feedback_id(),
        "complaintSubType": None,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": timestamp(),
    }


def _feedback_id() -> str:
    return f"0100{uuid.uuid4().hex[:12]}-{uuid.uuid4()}-000000"


_FATES: dict[str, tuple[Callable[[list[str]], Event], ...]] = {
    "success": (_delivery,),
    "bounce": (_hard_bounce,),
    "ooto": (_delivery, _out_of_office),
    "complaint": (_delivery, _complaint),
    "suppressionlist": (_suppressed,),
    _ON_ACCOUNT_LIST: (_on_account_list,),
}
