"""The one place that builds the adapters and hands them in."""

from pathlib import Path

from flask import Flask

from config_service.api import install_api
from config_service.clock import Clock, now
from config_service.encryption import AddressHasher, CredentialCipher
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
from config_service.services.feedback import FeedbackService
from config_service.services.held_events import HeldEvents
from config_service.services.ownership import Ownership
from config_service.services.reachability import Reachability
from config_service.services.resealing import Resealing
from config_service.services.sending_order import PlatformSender, SendingOrder, sends_through_platform
from config_service.services.services import Services
from config_service.services.suppression_state import SuppressionState
from config_service.services.suppression_transfer import SuppressionTransfer
from config_service.services.suppressions import Suppressions
from config_service.services.sweep import Sweep
from config_service.services.test_emails import TestEmails
from config_service.services.test_outcomes import TestOutcomes
from config_service.services.test_routes import TestRoutes
from config_service.settings import ConfigSettings, PlatformSettings, read_settings
from config_service.storage.database import Database
from config_service.storage.migrating import migrate, pending
from config_service.storage.repositories import Repositories, repositories
from config_service.tokens import TokenVerifier
from shared.addresses import normalise
from shared.errors import SettingsError
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
    if sweeping:
        services.sweep.start(settings.sweep_seconds)
    return app


def create_services(
    settings: ConfigSettings | None = None, *, providers: EmailProviders | None = None, clock: Clock = now
) -> Services:
    """Build the use cases; a new database is migrated in development, and refused in production."""
    settings = settings or read_settings(environment(Path(".env")))
    platform = settings.platform
    sender = None
    if providers is None:
        account = _account(platform)
        providers = ConnectedAccounts(account, allow_private_hosts=not settings.production)
        sender = _sender(platform, account.region) if account.available else None
    elif platform.from_email:
        sender = _sender(platform, platform.region)
    return _wire(settings, _prepared(settings), providers, sender, clock)


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
    if not settings.production:
        migrate(database)
    elif names := pending(database):
        raise SettingsError(f"the database lacks {', '.join(names)}: run python -m config_service migrate")
    return repositories(database)


def _wire(
    settings: ConfigSettings,
    repos: Repositories,
    providers: EmailProviders,
    platform: PlatformSender | None,
    clock: Clock,
) -> Services:
    cipher = CredentialCipher(settings.credentials_keys)
    vault = AddressVault(cipher, AddressHasher(settings.address_hash_keys))
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
    feedback = FeedbackService(repos, mapping, state, Arrivals(vault, clock))
    held = HeldEvents(repos, mapping, feedback, state, vault, audit)
    ownership = Ownership(repos.clinics, shared_topics, platform_address)
    rows = ClinicRows(repos, sealing, clock)
    configs = CommunicationConfigService(repos, rows, sealing, ownership, audit, clock)
    configs.when_saved(providers.forget)
    configs.when_saved(held.retry_clinic)
    suppressions = Suppressions(repos, state, vault, audit, clock)
    tests = TestEmails(
        repos, rows, TestRoutes(sealing, providers, platform), suppressions, held, vault, audit, clock
    )
    return Services(
        repositories=repos,
        clinic_rows=rows,
        configs=configs,
        sending_order=SendingOrder(repos.database, rows, sealing, audit, platform),
        feedback=feedback,
        held_events=held,
        suppressions=suppressions,
        reachability=Reachability(repos.clinics, suppressions, platform_sends=platform is not None),
        transfer=SuppressionTransfer(suppressions),
        test_emails=tests,
        test_outcomes=TestOutcomes(repos.events, vault),
        sweep=Sweep(repos.leases, rows, held, clock),
        resealing=Resealing(repos.database, cipher, rows),
    )
