"""The one place that builds the adapters and hands them in."""

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config_service.api import install_api
from config_service.clock import Clock, now
from config_service.encryption import AddressHasher
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.providers.base import EmailProviders
from config_service.providers.connected_accounts import ConnectedAccounts
from config_service.providers.platform_account import PlatformAccount
from config_service.services.hash_keys import HashKeys
from config_service.services.sending_order import PlatformSender
from config_service.services.services import Services
from config_service.settings import ConfigSettings, PlatformSettings, read_settings
from config_service.storage.database import Database
from config_service.storage.hash_keys import HashKeyRepository
from config_service.storage.migrating import migrate, pending
from config_service.storage.repositories import Repositories, repositories
from config_service.tokens import TokenVerifier
from config_service.wiring import wire
from shared.errors import ServiceError, SettingsError
from shared.logging import configure_logging
from shared.settings import environment


def create_app(
    settings: ConfigSettings | None = None,
    *,
    providers: EmailProviders | None = None,
    clock: Clock = now,
    sweeping: bool = True,
) -> Flask:
    """Build the application from `settings`, by default the environment's; tests hand in the rest."""
    settings = settings or read_settings(environment(Path(".env")))
    configure_logging(settings.log_level)
    services = create_services(settings, providers=providers, clock=clock)
    app = Flask("config_service", static_folder=None)
    install_api(app, services, TokenVerifier(settings.jwt), settings)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as Flask's documentation does
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0
        )
    if sweeping:
        services.sweep.start(settings.sweep_seconds)
    return app


def create_services(
    settings: ConfigSettings | None = None, *, providers: EmailProviders | None = None, clock: Clock = now
) -> Services:
    """Build the use cases; a new database is migrated in development, and refused in production."""
    settings = settings or read_settings(environment(Path(".env")))
    platform = settings.platform
    sender = account = None
    if providers is None:
        account = _account(platform)
        providers = ConnectedAccounts(account, allow_private_hosts=not settings.production)
        sender = _sender(platform, account.region) if account.available else None
    elif platform.from_email:
        sender = _sender(platform, platform.region)
    return wire(settings, _prepared(settings), providers, sender, SetupAccounts(account), clock)


def _account(platform: PlatformSettings) -> PlatformAccount:
    return PlatformAccount(
        region=platform.region,
        access_key_id=platform.access_key_id,
        secret_access_key=platform.secret_access_key,
        from_email=platform.from_email,
        from_name=platform.from_name,
    )


def _sender(platform: PlatformSettings, region: str | None) -> PlatformSender | None:
    if not platform.from_email or not region:
        return None
    return PlatformSender(
        region, platform.from_email, platform.from_name, platform.access_key_id, platform.secret_access_key
    )


def _prepared(settings: ConfigSettings) -> Repositories:
    database = Database(settings.database_url)
    try:
        if not settings.production:
            migrate(database)
        elif names := pending(database):
            raise SettingsError(
                f"the database lacks {', '.join(names)}: run python -m config_service migrate"
            )
        HashKeys(HashKeyRepository(database), AddressHasher(settings.address_hash_keys)).check()
    except ServiceError:
        database.close()
        raise
    return repositories(database)
