"""Looks records up by dnspython, which is loaded at the first question: that takes half a second.

https://dnspython.readthedocs.io/en/stable/resolver-class.html
"""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from config_service.providers.dns.loading import load
from shared.errors import ServiceError

if TYPE_CHECKING:
    from dns.resolver import Resolver

LIFETIME = 4.0  # seconds for one question, all name servers and tries together


class DnsUnavailableError(ServiceError):
    """The DNS did not answer: whether there is a record is not known."""

    code = "dns_unavailable"
    hint = "Try again; if it lasts, check that DNS gets out of this network."


def new_resolver(server: str | None = None) -> "Resolver":
    """Return a resolver that asks the machine's name servers, or `server` (`address:port`) alone."""
    resolver = _resolver_module().Resolver(configure=server is None)
    if server is not None:
        address, _, port = server.rpartition(":")
        resolver.nameservers, resolver.port = [address], int(port)
    resolver.lifetime = LIFETIME
    return resolver  # type: ignore[no-any-return]


class DnsRecords:
    """Answers with texts; a name that does not exist has no records. Raise DnsUnavailableError."""

    def __init__(self, new: Callable[[], "Resolver"]) -> None:
        """Take what makes the resolver, at the first question: a machine may have no DNS at all."""
        self._new = new

    @cached_property
    def resolver(self) -> "Resolver":
        """What asks."""
        try:
            return self._new()
        except load("dns.exception").DNSException as error:
            raise DnsUnavailableError("This machine names no DNS server.") from error

    def texts(self, name: str) -> list[str]:
        """Return the TXT records, each as one text (RFC 7208, 3.3)."""
        return [b"".join(each.strings).decode(errors="replace") for each in self._ask(name, "TXT")]

    def aliases(self, name: str) -> list[str]:
        """Return where a CNAME leads, without the last dot and in lower case."""
        return [_plain(each.target) for each in self._ask(name, "CNAME")]

    def exchangers(self, name: str) -> list[str]:
        """Return the hosts of the MX records, the most wanted first."""
        found = sorted(self._ask(name, "MX"), key=lambda each: each.preference)
        return [_plain(each.exchange) for each in found]

    def _ask(self, name: str, kind: str) -> list[Any]:
        resolving = _resolver_module()
        try:
            return list(self.resolver.resolve(name, kind))
        except (resolving.NXDOMAIN, resolving.NoAnswer):
            return []
        except load("dns.exception").DNSException as error:
            text = f"The DNS does not say whether {name} has {kind}: {type(error).__name__}."
            raise DnsUnavailableError(text) from error


def _resolver_module() -> Any:
    return load("dns.resolver")


def _plain(name: object) -> str:
    return str(name).rstrip(".").lower()
