"""Counts tokens that are not accepted, so that whoever tries many is told to wait, and nobody else is.

A token that is accepted is never looked at here: no number of bad ones locks a good one out. A bad token is
counted against its subject alone where its signature proves whose it is (it has expired, say), and else
against the address that it came from. Where nothing can be counted, nobody is told to wait.
"""

from ipaddress import ip_address, ip_network

import structlog

from config_service.errors import TooManyRequestsError
from config_service.services.rate_limits import RateLimit
from config_service.storage.database import StorageUnavailableError

log = structlog.get_logger(__name__)

_IPV6_SITE = 64  # bits; whoever has one address of a site has them all


class FailedLogins:
    """The count, by client."""

    def __init__(self, limit: RateLimit) -> None:
        """Take the limit."""
        self._limit = limit

    def count(self, address: str | None, subject: str | None) -> None:
        """Count a failure; raise TooManyRequestsError where this client has had more than its share."""
        key = f"subject {subject}" if subject is not None else f"address {_site_of(address or '')}"
        try:
            wait = self._limit.take(key)
        except StorageUnavailableError as error:
            log.warning("a failed login is not counted", code=error.code)
            return
        if wait:
            raise TooManyRequestsError(
                "Too many tokens that are not accepted came from here.",
                code="too_many_failed_logins",
                hint=f"Wait {wait} s, then log in again. A token that is accepted is let in at any time.",
                retry_after=wait,
            )


def _site_of(address: str) -> str:
    """Return what of an address one client has to itself."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((int(ip), _IPV6_SITE), strict=False))
