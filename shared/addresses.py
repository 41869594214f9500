"""Email addresses as they come from people, from SES and from headers, brought to one comparable form."""

import re
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses

import idna

_LOCAL = r"[^\s@<>\"=:,;(){}\[\]\\]++"
# In a return path such as bounces+jane=example.com@ses.example the whole address stands before the @.
# What is no address is taken a word at a time: begun anew at each letter, a long word would take its square.
_MASKABLE = re.compile(
    rf"(\"[^\"\s]*\"|(?:{_LOCAL}=(?=[\w-]++\.[\w.-]++@))?{_LOCAL})@([\w.-]+\.[\w-]+)|{_LOCAL}"
)
_UNPRINTABLE = r"\x00-\x1f\x7f\ud800-\udfff"  # control characters, and halves of surrogate pairs
_DOMAIN = rf"[^\s@<>(),;:\\\"\[\]{_UNPRINTABLE}]+"
_ADDRESS = re.compile(rf"[^\s@<>(),;:\\\[\]{_UNPRINTABLE}]+@{_DOMAIN}")
_QUOTED_ADDRESS = re.compile(rf"\"[^{_UNPRINTABLE}]+\"@{_DOMAIN}")

# What nearly all addresses look like. One pattern reads them in a fiftieth of the general parser's time.
_ATOMS = r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
_PLAIN = re.compile(rf"({_ATOMS}@{_ATOMS})|[A-Za-z0-9][A-Za-z0-9 ]*<({_ATOMS}@{_ATOMS})>")

_QUOTES = "\"'"

MAX_RAW_LENGTH = 4096  # characters; a name and an address, encoded; parsing more would cost time
MAX_ADDRESS_LENGTH = 320  # RFC 3696, errata 1690: 64 for the local part, 255 for the domain, and the @


def bare_address(raw: object) -> str | None:
    """Return the one address in `raw` as it was written, or None where there is not exactly one.

    Takes `a@b`, `Name <a@b>` and RFC 2047 encoded words around or instead of either.
    """
    if not isinstance(raw, str) or len(raw) > MAX_RAW_LENGTH:
        return None
    plain = _PLAIN.fullmatch(raw)
    address = plain[1] or plain[2] if plain else _parsed(raw)
    return address if address and len(address) <= MAX_ADDRESS_LENGTH else None


def _parsed(raw: str) -> str | None:
    """Return what `bare_address` does, by the general parser."""
    if "@" not in _decoded(raw):
        return None
    address = _single(raw)
    if address is None or "=?" in address:
        address = _single(_decoded(raw))
    if address and (_ADDRESS.fullmatch(address) or _QUOTED_ADDRESS.fullmatch(address)):
        return address
    return None


def comparable(address: str) -> str:
    """Return the form in which two spellings of one mailbox are equal: lower case, the domain in ASCII.

    SMTP lets a server tell `Jane@` from `jane@` (RFC 5321, 2.4); none that matters does, and a
    suppression that misses its patient because of a capital letter does harm.
    """
    local, _, domain = address.strip().rpartition("@")
    domain = domain.rstrip(".").lower()
    if not domain.isascii():
        with suppress(idna.IDNAError):  # not a domain name that IDNA knows: compared as it stands
            domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local.lower()}@{domain}"


def normalise(raw: object) -> str | None:
    """Return the comparable form of the one address in `raw`, or None where there is none."""
    address = bare_address(raw)
    return comparable(address) if address else None


def domain_of(address: str) -> str:
    """Return the domain of a comparable address."""
    return address.rpartition("@")[2]


def mask_addresses(text: str) -> str:
    """Return `text` with every address in it shown as `j***@example.com`."""
    return _MASKABLE.sub(_masked, text) if "@" in text else text


def _masked(found: re.Match[str]) -> str:
    return f"{found[1].lstrip(_QUOTES)[:1]}***@{found[2]}" if found[2] else found[0]


def _single(raw: str) -> str | None:
    try:
        found = [address for _, address in getaddresses([raw]) if address]
    except RecursionError:  # comments within comments
        return None
    return found[0].strip() if len(found) == 1 else None


def _decoded(raw: str) -> str:
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return raw
