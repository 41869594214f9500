"""The one setting about DNS: whom the doctor asks in place of the machine's own name servers."""

import re

from shared.settings import SettingsReader

_SERVER = re.compile(r"[0-9a-fA-F.:]+:[0-9]{1,5}")


def read_dns_resolver(reader: SettingsReader) -> str | None:
    """Return `address:port`, or None for the machine's own; production takes no stand-in."""
    server = reader.refuse_in_production("DNS_RESOLVER", "the doctor would believe a stand-in")
    return reader.parsed("DNS_RESOLVER", server, _parse) if server else None


def _parse(text: str) -> str:
    if not _SERVER.fullmatch(text):
        raise ValueError("give an address and a port, such as 127.0.0.1:5055")
    return text
