"""Resolves a host once, refuses what is not on the public internet, and connects to what was checked.

Whoever configures a mail server types in its name; without this our own network could be explored.
"""

import socket
from ipaddress import IPv6Address, ip_address

from config_service.providers.base import ProviderUnavailableError, SendRefusedError

TRIED_ADDRESSES = 2  # of one host, so that the time-outs stay bounded


def resolve(host: str, port: int, *, allow_private: bool) -> list[str]:
    """Return the host's addresses, IPv4 and IPv6; raise where there are none or one is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ProviderUnavailableError(
            f"The mail server {host} cannot be found.",
            code="smtp_unreachable",
            hint="Check the spelling of host, and that its name is in the DNS.",
            retry_after=60,
        ) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise SendRefusedError(
            f"The mail server {host} is not on the public internet.",
            code="smtp_host_not_public",
            hint="Give a mail server that has public addresses only; private and local ones are refused.",
        )
    return addresses


def is_public(text: str) -> bool:
    """Whether an address is one that anybody on the internet could reach, also when it hides inside IPv6."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is not None:
            return is_public(str(hidden))
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def connect(addresses: list[str], port: int, timeout: float) -> socket.socket:
    """Return a connection to the first of `addresses` that answers; raise OSError where none does."""
    failure = OSError("the host has no address")
    for address in addresses[:TRIED_ADDRESSES]:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            failure = error
    raise failure
