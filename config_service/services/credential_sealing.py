"""Seals, opens and masks the secrets in provider entries. The only place that decides what is a secret."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from config_service.encryption import CredentialCipher, SealedValueError, is_sealed
from config_service.services.channels import ProviderEntry, stored_entries
from config_service.services.provider_credentials import PROVIDERS, mask

# Of a provider that we do not know (a direct update may name one), everything else counts as a secret.
_PLAIN = {
    "region",
    "fromEmail",
    "fromName",
    "replyTo",
    "host",
    "port",
    "snsTopicArn",
    "roleArn",
    "encryption",
}


def secret_fields(channel: str, provider: str, credentials: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the credentials that must not be readable."""
    kind = PROVIDERS.get(channel, {}).get(provider)
    return kind.secrets if kind else frozenset(credentials) - _PLAIN


class CredentialSealing:
    """Works on entries of one clinic: a value opens only there, in its channel and field."""

    def __init__(self, cipher: CredentialCipher) -> None:
        """Take what seals."""
        self._cipher = cipher

    def seal(self, clinic_id: str, channel: str, entry: ProviderEntry) -> dict[str, Any]:
        """Return the entry's credentials with its secrets, which must be in the clear, sealed."""
        secrets = secret_fields(channel, entry.provider, entry.credentials)
        return {
            name: self._cipher.seal(_as_text(value), _place(clinic_id, channel, name))
            if name in secrets and value is not None
            else value
            for name, value in entry.credentials.items()
        }

    def open(self, clinic_id: str, channel: str, entry: ProviderEntry) -> dict[str, Any]:
        """Return the entry's credentials with every secret readable; raise SealedValueError."""
        secrets = secret_fields(channel, entry.provider, entry.credentials)
        return {
            name: self._cipher.open(value, _place(clinic_id, channel, name))
            if name in secrets and is_sealed(value)
            else value
            for name, value in entry.credentials.items()
        }

    def masked(
        self, clinic_id: str, channel: str, entry: ProviderEntry, *, lenient: bool = False
    ) -> dict[str, Any]:
        """Return the entry's credentials as people may see them.

        Raise SealedValueError where one does not open; `lenient` shows such an entry's secrets as stars.
        """
        secrets = secret_fields(channel, entry.provider, entry.credentials)
        try:
            opened = self.open(clinic_id, channel, entry)
        except SealedValueError:
            if not lenient:
                raise
            opened = {**entry.credentials, **dict.fromkeys(secrets & entry.credentials.keys(), "")}
        return {
            name: mask(entry.provider, name, _as_text(value))
            if name in secrets and value is not None
            else value
            for name, value in opened.items()
        }

    def seal_settings(self, clinic_id: str, settings: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return stored settings with every secret that is in the clear sealed, or None where none is."""
        found = copy.deepcopy(dict(settings))
        changed = False
        for channel, entry in stored_entries(found):
            credentials = entry.get("credentials")
            if not isinstance(credentials, dict):
                continue
            for name in secret_fields(channel, str(entry.get("provider")), credentials) & credentials.keys():
                value = credentials[name]
                if value is not None and not is_sealed(value):
                    credentials[name] = self._cipher.seal(_as_text(value), _place(clinic_id, channel, name))
                    changed = True
        return found if changed else None

    def reseal_settings(self, clinic_id: str, settings: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return stored settings with every secret under the current key, or None where all are."""
        found = copy.deepcopy(dict(self.seal_settings(clinic_id, settings) or settings))
        changed = found != settings
        for channel, entry in stored_entries(found):
            credentials = entry.get("credentials")
            if not isinstance(credentials, dict):
                continue
            for name in secret_fields(channel, str(entry.get("provider")), credentials) & credentials.keys():
                value = credentials[name]
                if is_sealed(value) and not self._cipher.is_current(value):
                    place = _place(clinic_id, channel, name)
                    credentials[name] = self._cipher.seal(self._cipher.open(value, place), place)
                    changed = True
        return found if changed else None


def sealed_secrets(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield every sealed value in stored settings."""
    for channel, entry in stored_entries(dict(settings)):
        credentials = entry.get("credentials")
        if isinstance(credentials, dict):
            secrets = secret_fields(channel, str(entry.get("provider")), credentials)
            yield from (
                credentials[name] for name in secrets & credentials.keys() if is_sealed(credentials[name])
            )


def _place(clinic_id: str, channel: str, name: str) -> str:
    return f"{clinic_id}|{channel}|{name}"


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
