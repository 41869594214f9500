"""A provider's own words, made fit for an answer and a log: one line, short, and no recipient's address."""

from config_service.providers.mailboxes import one_line
from shared.addresses import mask_addresses

LONGEST = 300  # characters: enough for every sentence of AWS's and of mail servers'


def safe_text(text: str, recipient: str) -> str:
    """Return `text` on one line, cut to LONGEST, with the recipient and every other address masked."""
    return mask_addresses(_without(recipient, one_line(text)))[:LONGEST]


def _without(recipient: str, text: str) -> str:
    # The general mask stops at a quote, as in o'brien@example.com; the recipient is known exactly.
    masked = f"{recipient[:1]}***@{recipient.rpartition('@')[2]}"
    start = text.lower().find(recipient.lower())
    while recipient and start >= 0:
        text = text[:start] + masked + text[start + len(recipient) :]
        start = text.lower().find(recipient.lower(), start + len(masked))
    return text
