"""What webhook_service is told from outside, read once at start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import SettingsError
from shared.settings import CommonSettings, SettingsReader

DEFAULT_CONFIG_SERVICE_URL = "http://127.0.0.1:8001"
TOKEN_FILE = "internal_api_token_record"  # noqa: S105 - the name of a file, which config_service makes

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?")
_HEADER_TEXT = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class WebhookSettings(CommonSettings):
    """All settings of this service; `sns_dev_origin` is one more place that signs like SNS."""

    internal_api_token: str = field(repr=False)
    config_service_url: str
    sns_dev_origin: str | None = None


def read_settings(variables: Mapping[str, str]) -> WebhookSettings:
    """Return the settings in `variables`; raise SettingsError, which names the first bad one."""
    reader = SettingsReader(variables)
    common = reader.common()
    dev_origin = reader.refuse_in_production("SNS_DEV_ORIGIN", "only Amazon's signatures count there")
    return WebhookSettings(
        production=common.production,
        log_level=common.log_level,
        shared_topic_arns=common.shared_topic_arns,
        internal_api_token=reader.parsed("INTERNAL_API_TOKEN", _token(reader), _checked_token),
        config_service_url=reader.parsed("CONFIG_SERVICE_URL", _config_service_url(reader), _checked_origin),
        sns_dev_origin=reader.parsed("SNS_DEV_ORIGIN", dev_origin, _checked_origin) if dev_origin else None,
    )


def _token(reader: SettingsReader) -> str:
    """Return the given token; in development else the one that config_service generated."""
    given = reader.text("INTERNAL_API_TOKEN")
    if given is not None:
        return given
    if reader.production:
        return reader.required("INTERNAL_API_TOKEN", "config_service accepts this service by it")
    path = Path(reader.text("VAR_DIR") or "var") / TOKEN_FILE
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            f"INTERNAL_API_TOKEN is not set, and {path} cannot be read: "
            "start config_service first, which generates it"
        ) from None


def _config_service_url(reader: SettingsReader) -> str:
    if reader.production:
        return reader.required("CONFIG_SERVICE_URL", "config_service records the events")
    return reader.text("CONFIG_SERVICE_URL") or DEFAULT_CONFIG_SERVICE_URL


def _checked_token(token: str) -> str:
    if not _HEADER_TEXT.fullmatch(token):
        raise ValueError("a token is printable ASCII without blanks")
    return token


def _checked_origin(origin: str) -> str:
    origin = origin.rstrip("/")
    if not _ORIGIN.fullmatch(origin):
        raise ValueError("it must be scheme, host and port alone, such as http://127.0.0.1:5055")
    return origin
