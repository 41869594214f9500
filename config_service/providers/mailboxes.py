"""Addresses and names brought into the one form that a mail header can carry: ASCII, quoted, on one line."""

from email.header import Header
from email.utils import formataddr

import idna

from config_service.providers.base import SendRefusedError

_ENCODED_WORD = 75  # characters: RFC 2047, 2


def one_line(text: str) -> str:
    """Return `text` with every run of white space, line breaks too, as one space: no header can be added."""
    return " ".join(text.split())


def ascii_address(address: str) -> str:
    """Return `address` with its domain in ASCII (IDNA 2008); raise SendRefusedError where that cannot be.

    IDNA 2003 would make another domain of `straße.example`, and mail a patient's data there.
    """
    local, _, domain = address.strip().rpartition("@")
    try:
        local.encode("ascii")
        if not domain.isascii():
            domain = idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        raise SendRefusedError(
            f"{local[:1]}***@{domain} cannot be written in ASCII.",
            code="address_not_supported",
            hint="Use an address with plain letters before the @ and a valid domain after it.",
        ) from None
    return f"{local}@{domain}"


def mailbox(address: str, name: str | None = None) -> str:
    """Return `name <address>` for a header, the name quoted or encoded as RFC 5322 and RFC 2047 ask."""
    plain = one_line(name or "")
    if plain.isascii():
        return formataddr((plain, ascii_address(address)))
    encoded = Header(plain, "utf-8", maxlinelen=_ENCODED_WORD).encode(linesep="")
    return f"{encoded} <{ascii_address(address)}>"
