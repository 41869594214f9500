"""A clinic's configuration as people may see it: with its secrets masked."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from config_service.clock import to_datetime
from config_service.services.channels import CHANNELS, ChannelSettings, read_channel, stored_entries
from config_service.services.clinic_rows import etag_of
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.ownership import Warning_
from config_service.services.provider_credentials import PROVIDERS
from config_service.storage.records import ClinicRecord


@dataclass(frozen=True, slots=True)
class ClinicConfig:
    """A configuration; channels are documents as in the API, `warnings` are about it or its save."""

    clinic_id: str
    email: dict[str, Any]
    whatsapp: dict[str, Any]
    sms: dict[str, Any]
    external_id: str
    created_at: datetime
    updated_at: datetime
    etag: str
    warnings: list[Warning_] = field(default_factory=list)


def shown_config(record: ClinicRecord, sealing: CredentialSealing, *, lenient: bool = False) -> ClinicConfig:
    """Return what a completed row says, masked.

    Raise SealedValueError for a value that does not open; `lenient` masks it whole instead.
    """
    channels = {name: _masked(record, name, sealing, lenient).document(name) for name in CHANNELS}
    assert record.external_id is not None
    return ClinicConfig(
        clinic_id=record.id,
        email=channels["email"],
        whatsapp=channels["whatsapp"],
        sms=channels["sms"],
        external_id=record.external_id,
        created_at=to_datetime(record.created_at or 0),
        updated_at=to_datetime(record.updated_at or 0),
        etag=etag_of(record),
        warnings=list(_unknown_providers(record)),
    )


def _unknown_providers(record: ClinicRecord) -> Iterator[Warning_]:
    """What a direct update wrote is not checked as the API checks it; here it is said."""
    for channel, entry in stored_entries(record.settings):
        provider = str(entry.get("provider"))
        if provider not in PROVIDERS[channel]:
            known = ", ".join(PROVIDERS[channel])
            yield Warning_(
                "unknown_provider", f"{provider!r} is no provider for {channel}; it must be one of {known}."
            )


def _masked(record: ClinicRecord, channel: str, sealing: CredentialSealing, lenient: bool) -> ChannelSettings:
    found = read_channel(record.settings, channel)
    entries = [
        replace(entry, credentials=sealing.masked(record.id, channel, entry, lenient=lenient))
        for entry in found.entries()
    ]
    primary = entries.pop(0) if found.primary else None
    return replace(found, primary=primary, fallback=tuple(entries))
