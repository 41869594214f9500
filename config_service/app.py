"""The one place that builds the adapters and hands them in."""

from pathlib import Path

from flask import Flask
from pyrate_limiter import Rate
from werkzeug.middleware.proxy_fix import ProxyFix

from config_service.api import install_api
from config_service.clock import Clock, now
from config_service.doctor_wiring import build_doctor
from config_service.encryption import AddressHasher, CredentialCipher
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.providers.base import EmailProviders
from config_service.providers.connected_accounts import ConnectedAccounts
from config_service.providers.platform_account import PlatformAccount
from config_service.services.addresses import AddressVault
from config_service.services.arrivals import Arrivals
from config_service.services.audit_trail import AuditTrail
from config_service.services.channels import EMAIL, read_channel
from config_service.services.clinic_mapping import ClinicMapping
from config_service.services.clinic_rows import ClinicRows
from config_service.services.communication_config import CommunicationConfigService
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.erasure import Erasure
from config_service.services.failed_logins import FailedLogins
from config_service.services.feedback import FeedbackService
from config_service.services.hash_keys import HashKeys
from config_service.services.held_ceiling import HeldCeiling
from config_service.services.held_events import HeldEvents
from config_service.services.loop_checks import loop_checks
from config_service.services.ownership import Ownership
from config_service.services.rate_limits import HOUR, MINUTE, RateLimit
from config_service.services.reachability import Reachability
from config_service.services.rehashing import Rehashing
from config_service.services.resealing import Resealing
from config_service.services.retention import Retention
from config_service.services.sending_order import PlatformSender, SendingOrder, sends_through_platform
from config_service.services.services import Services
from config_service.services.setup.aws_setup import aws_setup
from config_service.services.suppression_state import SuppressionState
from config_service.services.suppression_transfer import SuppressionTransfer
from config_service.services.suppressions import Suppressions
from config_service.services.sweep import Sweep
from config_service.services.test_emails import TestEmails
from config_service.services.test_outcomes import TestOutcomes
from config_service.services.test_routes import TestRoutes
from config_service.settings import ConfigSettings, PlatformSettings, read_settings
from config_service.storage.database import Database
from config_service.storage.hash_keys import HashKeyRepository
from config_service.storage.migrating import migrate, pending
from config_service.storage.rate_states import RateStates
from config_service.storage.repositories import Repositories, repositories
from config_service.tokens import TokenVerifier
from shared.addresses import normalise
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
    return _wire(settings, _prepared(settings), providers, sender, SetupAccounts(account), clock)


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


def _wire(
    settings: ConfigSettings,
    repos: Repositories,
    providers: EmailProviders,
    platform: PlatformSender | None,
    accounts: SetupAccounts,
    clock: Clock,
) -> Services:
    cipher = CredentialCipher(settings.credentials_keys)
    hasher = AddressHasher(settings.address_hash_keys)
    hash_keys = HashKeys(HashKeyRepository(repos.database), hasher)
    vault = AddressVault(cipher, hasher)
    sealing = CredentialSealing(cipher)
    audit = AuditTrail(repos.audit, clock)
    shared_topics = frozenset(settings.shared_topic_arns)
    platform_address = normalise(settings.platform.from_email)

    def through_platform(clinic_id: str) -> bool:
        record = repos.clinics.get(clinic_id)
        return record is not None and sends_through_platform(read_channel(record.settings, EMAIL))

    mapping = ClinicMapping(
        repos.clinics, repos.test_sends, shared_topics, platform_address, through_platform
    )
    state = SuppressionState(repos, settings.soft_bounce_limit)
    ceiling = HeldCeiling(repos.held, settings.held_events_per_topic)
    feedback = FeedbackService(repos, mapping, state, Arrivals(vault, clock), ceiling)
    held = HeldEvents(repos, mapping, feedback, state, vault, audit)
    ownership = Ownership(repos.clinics, shared_topics, platform_address)
    rows = ClinicRows(repos, sealing, clock)
    configs = CommunicationConfigService(repos, rows, sealing, ownership, audit, clock)
    configs.when_saved(providers.forget)
    configs.when_saved(held.retry_clinic)
    retention = Retention(repos, clock, settings.event_retention_days)
    suppressions = Suppressions(repos, state, vault, audit, clock)
    rate_states = RateStates(repos.database)
    test_limit = RateLimit("test emails", Rate(settings.test_emails_per_hour, HOUR), rate_states, clock)
    login_limit = RateLimit(
        "failed logins", Rate(settings.failed_logins_per_minute, MINUTE), rate_states, clock
    )
    routes = TestRoutes(sealing, providers, platform)
    tests = TestEmails(repos, rows, routes, suppressions, held, vault, audit, clock, test_limit)
    loop = loop_checks(tests, sealing, accounts, settings.probes_per_hour)
    return Services(
        repositories=repos,
        audit=audit,
        clinic_rows=rows,
        configs=configs,
        sending_order=SendingOrder(repos.database, rows, sealing, audit, platform),
        feedback=feedback,
        held_events=held,
        suppressions=suppressions,
        reachability=Reachability(repos.clinics, suppressions, platform_sends=platform is not None),
        transfer=SuppressionTransfer(suppressions),
        erasure=Erasure(repos, vault, audit, rows, clock),
        test_emails=tests,
        test_outcomes=TestOutcomes(repos.events, vault),
        retention=retention,
        failed_logins=FailedLogins(login_limit),
        sweep=Sweep(repos.leases, rows, held, retention, rate_states, clock),
        resealing=Resealing(repos.database, cipher, rows, repos.clinics),
        rehashing=Rehashing(repos, vault, hasher, hash_keys),
        loop=loop,
        doctor=build_doctor(settings, accounts, repos, rows, sealing, loop.drift, clock),
        aws=aws_setup(
            accounts, repos, rows, sealing, configs, settings.shared_topic_arns, settings.platform.from_email
        ),
    )
