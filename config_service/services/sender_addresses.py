"""Senders' addresses as the index compares them: their domains in ASCII, without a dot at the end."""

import copy
from collections.abc import Mapping
from typing import Any

from config_service.services.channels import EMAIL, ROOT, stored_entries
from shared.addresses import bare_address, comparable, domain_of


def with_plain_domain(raw: Any) -> Any:
    """Return a sender's address with its domain as DNS and SES write it; what is no address stays as it is.

    A name beside it stays too, where the domain is in that form already.
    """
    address = bare_address(raw)
    if address is None:
        return raw
    local, _, domain = address.rpartition("@")
    plain = domain_of(comparable(address))
    return raw if domain.lower() == plain else f"{local}@{plain}"


def with_plain_senders(settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return stored settings with every sender's domain plain, or None where all are."""
    found = copy.deepcopy(dict(settings))
    places = [
        entry["credentials"] for channel, entry in stored_entries(found) if channel == EMAIL and _has(entry)
    ]
    email = found.get(ROOT, {}).get(EMAIL) if isinstance(found.get(ROOT), dict) else None
    named = [(place, "fromEmail") for place in places] + (
        [(email, "defaultFrom")] if isinstance(email, dict) else []
    )
    for place, name in named:
        if name in place:
            place[name] = with_plain_domain(place[name])
    return found if found != settings else None


def _has(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("credentials"), dict)
