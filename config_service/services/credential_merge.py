"""Turns what a caller sent of a provider into a valid, sealed entry; keeps stored secrets where that is safe.

A masked or absent secret keeps the stored one only where the provider and what it is a secret for (host,
port, user name, access key id) stay as stored; else a stored password could be sent to a new host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from config_service.encryption import SealedValueError
from config_service.errors import InvalidError, field_errors
from config_service.services.channels import ProviderEntry
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.provider_credentials import (
    PROVIDERS,
    ProviderKind,
    check_complete,
    is_masked,
    mask,
)


class CredentialMerge:
    """Prepares entries for one channel of one clinic."""

    def __init__(self, sealing: CredentialSealing) -> None:
        """Take what seals and opens."""
        self._sealing = sealing

    def prepare(
        self,
        clinic_id: str,
        channel: str,
        given: ProviderEntry,
        stored: Sequence[ProviderEntry],
        *,
        alone: bool = True,
    ) -> ProviderEntry:
        """Return `given`, validated and sealed; raise InvalidError with the errors by credential.

        `stored` are the channel's entries so far, whose secrets may be kept; `alone` says that `given` is the
        only one of its provider that the caller sends.
        """
        kind = _kind(channel, given.provider)
        masked = {
            name: value
            for name, value in given.credentials.items()
            if name in kind.secrets and is_masked(value)
        }
        plain = {name: value for name, value in given.credentials.items() if name not in masked}
        loaded = _loaded(kind, plain)
        same_provider = [entry for entry in stored if entry.provider == given.provider]
        known = alone and len(same_provider) == 1
        wanted = {**loaded, **masked}
        entry, opened = self._same_account(clinic_id, channel, given, same_provider, wanted, known=known)
        kept = _kept(kind, given, loaded, entry, opened)
        if missing := sorted(masked.keys() - kept.keys()):
            raise _secret_needed(kind, missing)
        self._check(given.provider, {**{name: opened[name] for name in kept}, **loaded})
        sealed = self._sealing.seal(clinic_id, channel, replace(given, credentials=loaded))
        return replace(given, credentials={**sealed, **kept})

    def _same_account(
        self,
        clinic_id: str,
        channel: str,
        given: ProviderEntry,
        stored: Sequence[ProviderEntry],
        wanted: Mapping[str, Any],
        *,
        known: bool,
    ) -> tuple[ProviderEntry | None, dict[str, Any]]:
        """Return the stored entry that `given` continues, with its credentials opened; or None."""
        kind = PROVIDERS[channel][given.provider]
        for entry in stored:
            try:
                opened = self._sealing.open(clinic_id, channel, entry)
            except SealedValueError:
                continue  # it cannot be kept; that it is entered again is the way out
            if _same(given, kind, wanted, opened, known=known):
                return entry, opened
        return None, {}

    @staticmethod
    def _check(provider: str, credentials: Mapping[str, Any]) -> None:
        try:
            check_complete(provider, credentials)
        except ValidationError as error:
            raise _invalid(error) from None


def _kept(
    kind: ProviderKind,
    given: ProviderEntry,
    loaded: Mapping[str, Any],
    entry: ProviderEntry | None,
    opened: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the stored secrets, sealed as they are, that `given` masks, leaves out, or repeats."""
    if entry is None:
        return {}
    by_role = bool(loaded.get("roleArn"))
    return {
        name: entry.credentials[name]
        for name in kind.secrets
        if entry.credentials.get(name) is not None
        and (loaded.get(name) == opened[name] or (not by_role and _is_left(given, name)))
    }


def _is_left(given: ProviderEntry, name: str) -> bool:
    return name not in given.credentials or is_masked(given.credentials[name])


def _secret_needed(kind: ProviderKind, missing: Sequence[str]) -> InvalidError:
    return InvalidError(
        "A masked secret stands for the stored one only while what it belongs to stays the same.",
        code="secret_needed",
        hint=f"Enter the secret itself, or leave {', '.join(kind.identity)} as stored.",
        errors={
            name: ["Enter it again: it is masked, and there is no stored one to keep."] for name in missing
        },
    )


def _same(
    given: ProviderEntry,
    kind: ProviderKind,
    wanted: Mapping[str, Any],
    opened: Mapping[str, Any],
    *,
    known: bool,
) -> bool:
    for name in kind.identity:
        value, stored = wanted.get(name), opened.get(name)
        if name in kind.secrets and name not in given.credentials:
            # An absent access key id is itself an absent secret. Of several entries it means the one with the
            # same sender: else one account's keys would come to stand in another entry.
            if known or all(wanted.get(n) == opened.get(n) for n in ("region", "fromEmail")):
                continue
            return False
        if is_masked(value):
            if stored is None or mask(given.provider, name, stored) != value:
                return False
        elif value != stored:
            return False
    return True


def _kind(channel: str, provider: str) -> ProviderKind:
    kinds = PROVIDERS[channel]
    if provider not in kinds:
        known = ", ".join(kinds)
        raise InvalidError(
            f"{provider!r} is no provider for {channel}.",
            code="unknown_provider",
            errors={"provider": [f"Choose one of {known}."]},
        )
    return kinds[provider]


def _loaded(kind: ProviderKind, credentials: Mapping[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = kind.schema().load(credentials)
    except ValidationError as error:
        raise _invalid(error) from None
    return loaded


def _invalid(error: ValidationError) -> InvalidError:
    messages = field_errors(error)
    return InvalidError("Some credentials are missing or wrong.", errors=messages)
