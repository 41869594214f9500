"""What config_service is told from outside, read once at start."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from config_service.clock import DAY
from config_service.development_secrets import development_secret
from config_service.dns_setting import read_dns_resolver
from config_service.encryption import NamedKey, generate_key_text, parse_keys
from config_service.internal_tokens import InternalToken, parse_internal_token
from config_service.services.suppression_rules import SOFT_BOUNCE_MEMORY
from shared.addresses import bare_address
from shared.errors import SettingsError
from shared.internal_api import SCOPE_RECORD, SCOPE_SEND
from shared.settings import CommonSettings, SettingsReader

MIN_JWT_SECRET_LENGTH = 32  # bytes: RFC 7518, 3.2
MIN_RSA_BITS = 2048  # RFC 7518, 3.3


@dataclass(frozen=True, slots=True)
class JwtSettings:
    """How bearer tokens are verified: exactly one source of keys."""

    secret: str | None = field(default=None, repr=False)
    public_key: str | None = None
    jwks_url: str | None = None
    issuer: str | None = None
    audience: str | None = None


@dataclass(frozen=True, slots=True)
class PlatformSettings:
    """The platform's own SES account, as far as the environment names it."""

    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    from_email: str | None = None
    from_name: str | None = None


@dataclass(frozen=True, slots=True)
class ConfigSettings(CommonSettings):
    """All settings of this service."""

    database_url: str = field(repr=False)
    credentials_keys: tuple[NamedKey, ...]
    address_hash_keys: tuple[NamedKey, ...]
    jwt: JwtSettings
    internal_tokens: tuple[InternalToken, ...]
    platform: PlatformSettings
    soft_bounce_limit: int = 5
    sweep_seconds: int = 60
    failed_logins_per_minute: int = 30
    test_emails_per_hour: int = 20
    probes_per_hour: int = 20
    held_events_per_topic: int = 100_000
    trusted_proxies: int = 0
    event_retention_days: int | None = None
    dns_resolver: str | None = None


def read_settings(variables: Mapping[str, str]) -> ConfigSettings:
    """Return the settings in `variables`; raise SettingsError, which names the first bad one."""
    reader = SettingsReader(variables)
    common = reader.common()
    secrets_of = _Secrets(reader)
    for name in ("AWS_ENDPOINT_URL", *reader.names("AWS_ENDPOINT_URL_")):  # boto3 knows one a service as well
        reader.refuse_in_production(name, "mail would go to a stand-in")
    return ConfigSettings(
        production=common.production,
        log_level=common.log_level,
        shared_topic_arns=common.shared_topic_arns,
        database_url=_database_url(reader),
        credentials_keys=secrets_of.keys("CREDENTIALS_KEYS"),
        address_hash_keys=secrets_of.keys("ADDRESS_HASH_KEYS"),
        jwt=_jwt(reader, secrets_of),
        internal_tokens=_internal_tokens(reader, secrets_of),
        platform=_platform(reader),
        soft_bounce_limit=reader.whole_number("SOFT_BOUNCE_LIMIT", 5, least=2),
        sweep_seconds=reader.whole_number("SWEEP_SECONDS", 60),
        failed_logins_per_minute=reader.whole_number("FAILED_LOGINS_PER_MINUTE", 30),
        test_emails_per_hour=reader.whole_number("TEST_EMAILS_PER_HOUR", 20),
        probes_per_hour=reader.whole_number("PROBES_PER_HOUR", 20),
        held_events_per_topic=reader.whole_number("HELD_EVENTS_PER_TOPIC", 100_000),
        trusted_proxies=reader.whole_number("TRUSTED_PROXIES", 0, least=0),
        event_retention_days=_retention(reader),
        dns_resolver=read_dns_resolver(reader),
    )


class _Secrets:
    """Secrets from the environment or, in development, from the directory where they are kept."""

    def __init__(self, reader: SettingsReader) -> None:
        self._reader = reader
        self._directory = Path(reader.text("VAR_DIR") or "var")

    def keys(self, name: str) -> tuple[NamedKey, ...]:
        text = self._reader.text(name)
        if text is None and self._reader.production:
            self._reader.required(name, "give it as keyid:base64 of 32 random bytes")
        return self._reader.parsed(name, text or self.kept(name.lower(), generate_key_text()), parse_keys)

    def kept(self, name: str, fresh: str) -> str:
        return development_secret(self._directory, name, lambda: fresh)


def _retention(reader: SettingsReader) -> int | None:
    least = SOFT_BOUNCE_MEMORY // DAY  # far beyond the 14 days after which a dead letter cannot come any more
    given = reader.text("EVENT_RETENTION_DAYS") is not None
    return reader.whole_number("EVENT_RETENTION_DAYS", least, least) if given else None


def _database_url(reader: SettingsReader) -> str:
    if reader.production:
        return reader.required("DATABASE_URL", "production names its database")
    return reader.text("DATABASE_URL") or "sqlite:///var/clinic_mail.db"


def _jwt(reader: SettingsReader, secrets_of: _Secrets) -> JwtSettings:
    sources = {name: reader.text(name) for name in ("JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL")}
    given = [name for name, value in sources.items() if value]
    if len(given) > 1:
        raise SettingsError(f"{' and '.join(given)} are all set: give exactly one source of keys")
    secret = sources["JWT_SECRET"]
    if not given:
        if reader.production:
            raise SettingsError("JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL are not set: give one of them")
        secret = secrets_of.kept("jwt_secret", secrets.token_urlsafe(48))
    if secret is not None and len(secret.encode()) < MIN_JWT_SECRET_LENGTH:
        raise SettingsError(f"JWT_SECRET is too short: give at least {MIN_JWT_SECRET_LENGTH} bytes")
    required = {"JWT_ISSUER": reader.text("JWT_ISSUER"), "JWT_AUDIENCE": reader.text("JWT_AUDIENCE")}
    if reader.production:
        for name in required:
            reader.required(name, "tokens that were made for somebody else must not pass")
    public_key, jwks_url = sources["JWT_PUBLIC_KEY"], sources["JWT_JWKS_URL"]
    return JwtSettings(
        secret=secret,
        public_key=reader.parsed("JWT_PUBLIC_KEY", public_key, _public_key) if public_key else None,
        jwks_url=reader.parsed("JWT_JWKS_URL", jwks_url, _jwks_url) if jwks_url else None,
        issuer=required["JWT_ISSUER"],
        audience=required["JWT_AUDIENCE"],
    )


def _public_key(text: str) -> str:
    pem = text.replace("\\n", "\n")
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("give a public key in PEM form") from None
    if not isinstance(key, RSAPublicKey | EllipticCurvePublicKey):
        raise ValueError("give the public key of an RSA or an elliptic-curve pair")  # noqa: TRY004 - a setting is wrong, not a type
    if isinstance(key, RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise ValueError(f"give an RSA key of at least {MIN_RSA_BITS} bits")
    return pem


def _jwks_url(url: str) -> str:
    if not re.match(r"https?://[^\s/]", url):
        raise ValueError("give a URL that starts with https:// (or http:// within a network of your own)")
    return url


def _internal_tokens(reader: SettingsReader, secrets_of: _Secrets) -> tuple[InternalToken, ...]:
    items = reader.items("INTERNAL_API_TOKENS")
    if not items and reader.production:
        reader.required("INTERNAL_API_TOKENS", "webhook_service and the sending services come by it")
    if not items:
        items = tuple(
            f"development:{scope}:{secrets_of.kept(f'internal_api_token_{scope}', secrets.token_urlsafe(32))}"
            for scope in (SCOPE_RECORD, SCOPE_SEND)
        )
    tokens = tuple(reader.parsed("INTERNAL_API_TOKENS", item, parse_internal_token) for item in items)
    if len({token.digest for token in tokens}) < len(tokens):
        raise SettingsError("INTERNAL_API_TOKENS names one token twice: each holder and scope needs its own")
    return tokens


def _platform(reader: SettingsReader) -> PlatformSettings:
    from_email = reader.text("AWS_SES_FROM_EMAIL")
    if from_email is not None and bare_address(from_email) != from_email:
        raise SettingsError("AWS_SES_FROM_EMAIL is no address alone: its name is AWS_SES_FROM_NAME")
    return PlatformSettings(
        region=reader.text("AWS_REGION"),
        access_key_id=reader.text("AWS_ACCESS_KEY_ID"),
        secret_access_key=reader.text("AWS_SECRET_ACCESS_KEY"),
        from_email=from_email,
        from_name=reader.text("AWS_SES_FROM_NAME"),
    )
