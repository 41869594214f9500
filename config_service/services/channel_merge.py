"""Turns a channel as a caller sent it into what is stored: validated, sealed, with kept secrets."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from config_service.errors import InvalidError, field_errors
from config_service.services.channel_schemas import ChannelSchema, EmailChannelSchema
from config_service.services.channels import EMAIL, ChannelSettings, ProviderEntry
from config_service.services.credential_merge import CredentialMerge
from config_service.services.credential_sealing import CredentialSealing
from shared.errors import FieldErrors

AWS_SES = "aws_ses"
PRIMARY = "primary"


class ChannelMerge:
    """Merges channels."""

    def __init__(self, sealing: CredentialSealing) -> None:
        """Take what seals and opens."""
        self._credentials = CredentialMerge(sealing)

    def channel(
        self, clinic_id: str, channel: str, given: Mapping[str, Any], stored: ChannelSettings
    ) -> ChannelSettings:
        """Return the channel that replaces `stored`; raise InvalidError with the errors by their place."""
        document = _loaded(channel, given)
        faults: dict[str, InvalidError] = {}
        given_entries = list(_entries(document))
        names = [entry.provider for _, entry in given_entries]
        entries = {
            place: self._entry(
                clinic_id, channel, entry, stored, faults, place, names.count(entry.provider) == 1
            )
            for place, entry in given_entries
        }
        if faults:
            first = next(iter(faults.values()))
            by_place = {place: _by_name(fault) for place, fault in faults.items()}
            raise InvalidError(first.message, code=first.code, hint=first.hint, errors={channel: by_place})
        return ChannelSettings(
            primary=entries.pop(PRIMARY, None),
            fallback=tuple(entry for entry in entries.values() if entry is not None),
            default_from=document.get("defaultFrom"),
            default_from_name=document.get("defaultFromName"),
        )

    def ses_first(
        self, clinic_id: str, credentials: Mapping[str, Any], *, enabled: bool, stored: ChannelSettings
    ) -> ChannelSettings:
        """Return `stored` with SES as its primary; another provider that was becomes the first fallback."""
        given = ProviderEntry(AWS_SES, enabled, credentials)
        entry = self._credentials.prepare(clinic_id, EMAIL, given, stored.entries())
        before = stored.primary
        demoted = (before,) if before is not None and before.provider != AWS_SES else ()
        rest = tuple(found for found in stored.fallback if not _same_account(found, entry))
        return replace(stored, primary=entry, fallback=_first(demoted, rest))

    def _entry(
        self,
        clinic_id: str,
        channel: str,
        given: ProviderEntry,
        stored: ChannelSettings,
        faults: dict[str, InvalidError],
        place: str,
        alone: bool,
    ) -> ProviderEntry | None:
        try:
            return self._credentials.prepare(clinic_id, channel, given, stored.entries(), alone=alone)
        except InvalidError as error:
            faults[place] = error
            return None


def _loaded(channel: str, given: Mapping[str, Any]) -> dict[str, Any]:
    schema = EmailChannelSchema() if channel == EMAIL else ChannelSchema()
    try:
        document: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise InvalidError(
            "Some settings are missing or wrong.", errors={channel: field_errors(error)}
        ) from None
    return document


def _entries(document: Mapping[str, Any]) -> Iterator[tuple[str, ProviderEntry]]:
    """Yield each entry with its place; a priority that is not given follows from the place."""
    places = [(PRIMARY, document["primary"])] if document["primary"] else []
    places += [(f"fallback[{index}]", entry) for index, entry in enumerate(document["fallback"] or [])]
    for number, (place, entry) in enumerate(places, start=1 if document["primary"] else 2):
        priority = entry["priority"] or number
        yield place, ProviderEntry(entry["provider"], entry["enabled"], entry["credentials"], priority)


def _by_name(fault: InvalidError) -> FieldErrors:
    return fault.errors if "provider" in fault.errors else {"credentials": fault.errors}


def _first(demoted: tuple[ProviderEntry, ...], rest: tuple[ProviderEntry, ...]) -> tuple[ProviderEntry, ...]:
    """Return the fallbacks with `demoted` tried before the `rest`, whose order stays."""
    if not demoted:
        return rest
    ordered = sorted(rest, key=lambda entry: entry.priority)
    places = {id(entry): priority for priority, entry in enumerate((*demoted, *ordered), start=2)}
    return tuple(replace(entry, priority=places[id(entry)]) for entry in (*demoted, *rest))


def _same_account(found: ProviderEntry, entry: ProviderEntry) -> bool:
    """Whether SES stands in the fallbacks with the very credentials that are now the primary's."""
    names = ("accessKeyId", "roleArn", "region", "fromEmail")
    same = all(found.credentials.get(name) == entry.credentials.get(name) for name in names)
    return found.provider == AWS_SES and same
