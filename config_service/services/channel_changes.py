"""Names the settings that differ between two versions, for the audit trail: names only, never values."""

from collections.abc import Iterator, Mapping
from typing import Any

from config_service.services.channels import ROOT


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the paths, such as `email.primary.credentials.region`, whose values differ."""
    old, new = (dict(_leaves(settings.get(ROOT, {}))) for settings in (before, after))
    return sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value
