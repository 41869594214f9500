"""A clinic's channels as values: which providers in which order, and the JSON in which they are stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

EMAIL = "email"
WHATSAPP = "whatsapp"
SMS = "sms"
CHANNELS = (EMAIL, WHATSAPP, SMS)

ROOT = "communicationSettings"


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """One provider of a channel; its credentials are spelt as in the API."""

    provider: str
    enabled: bool = True
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    priority: int = 1

    def document(self) -> dict[str, Any]:
        """Return the entry as it is stored and shown."""
        return {
            "provider": self.provider,
            "enabled": self.enabled,
            "credentials": dict(self.credentials),
            "priority": self.priority,
        }


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """The providers of one channel and, for email, the sender where a provider names none."""

    primary: ProviderEntry | None = None
    fallback: tuple[ProviderEntry, ...] = ()
    default_from: str | None = None
    default_from_name: str | None = None

    def entries(self) -> tuple[ProviderEntry, ...]:
        """Return all entries, the primary first."""
        return (self.primary, *self.fallback) if self.primary else self.fallback

    def in_order(self) -> tuple[ProviderEntry, ...]:
        """Return the enabled entries in the order to try: the primary, then fallbacks by priority."""
        ordered = sorted(self.fallback, key=lambda entry: entry.priority)
        return tuple(entry for entry in (self.primary, *ordered) if entry is not None and entry.enabled)

    def document(self, channel: str) -> dict[str, Any]:
        """Return the channel as it is stored and shown."""
        found: dict[str, Any] = {
            "primary": self.primary.document() if self.primary else None,
            "fallback": [entry.document() for entry in self.fallback],
        }
        if channel == EMAIL:
            found |= {"defaultFrom": self.default_from, "defaultFromName": self.default_from_name}
        return found


def read_channel(settings: Mapping[str, Any], channel: str) -> ChannelSettings:
    """Return a stored channel; what a direct update left in another shape is passed over."""
    document = _object(_object(settings.get(ROOT)).get(channel))
    fallback = document.get("fallback")
    entries = [_entry(item) for item in fallback] if isinstance(fallback, list) else []
    return ChannelSettings(
        primary=_entry(document.get("primary")),
        fallback=tuple(entry for entry in entries if entry is not None),
        default_from=_text(document.get("defaultFrom")),
        default_from_name=_text(document.get("defaultFromName")),
    )


def with_channels(settings: Mapping[str, Any], channels: Mapping[str, ChannelSettings]) -> dict[str, Any]:
    """Return a clinic's settings with `channels` written over what is there; all else stays."""
    documents = {name: channel.document(name) for name, channel in channels.items()}
    stored = {name: _object(_object(settings.get(ROOT)).get(name)) for name in CHANNELS}
    return {**settings, ROOT: {**_object(settings.get(ROOT)), **stored, **documents}}


def stored_entries(settings: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (channel, entry document) of every entry in stored settings, as they stand there."""
    for channel in CHANNELS:
        document = _object(_object(settings.get(ROOT)).get(channel))
        fallback = document.get("fallback")
        for entry in (document.get("primary"), *(fallback if isinstance(fallback, list) else ())):
            if isinstance(entry, dict):
                yield channel, entry


def _entry(document: Any) -> ProviderEntry | None:
    if not isinstance(document, dict) or not isinstance(document.get("provider"), str):
        return None
    priority = document.get("priority")
    return ProviderEntry(
        provider=document["provider"],
        enabled=document.get("enabled", True) is True,
        credentials=_object(document.get("credentials")),
        priority=priority if isinstance(priority, int) else 1,
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
