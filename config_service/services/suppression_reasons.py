"""What an entry on a suppression list means for whoever asks why, and what they can do about it."""

from config_service.clock import to_datetime
from config_service.storage.records import SuppressionRecord
from shared.internal_api import Reason

INVALID_ADDRESS = Reason("invalid_address", "address", None, "Correct the address; it is not one.")

_HINTS = {
    "complaint": (
        "They marked a mail as spam. Mail them again only with their consent, given anew and written down."
    ),
    "hard_bounce": (
        "Their mailbox does not exist. Ask for another address, or remove the entry once it is corrected."
    ),
    "soft_bounce": "Their mailbox kept refusing mail. The entry runs out by itself; ask whether it is full.",
    "manual": "Somebody added the address by hand. Ask them before removing it.",
}


def reason_of(entry: SuppressionRecord) -> Reason:
    """Return why an entry stands in the way of mail."""
    scope = "platform" if entry.clinic_id is None else "clinic"
    return Reason(entry.reason, scope, to_datetime(entry.since), _HINTS[entry.reason])
