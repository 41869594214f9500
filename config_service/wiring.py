"""The use cases, put together over what the composition root has built."""

from dataclasses import dataclass

from pyrate_limiter import Rate

from config_service.clock import Clock
from config_service.doctor_wiring import build_doctor
from config_service.encryption import AddressHasher, CredentialCipher
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.providers.base import EmailProviders
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
from config_service.services.held_retries import HeldRetries
from config_service.services.loop_checks import loop_checks
from config_service.services.moved_events import MovedEvents
from config_service.services.ownership import Ownership
from config_service.services.rate_limits import HOUR, MINUTE, RateLimit
from config_service.services.reachability import Reachability
from config_service.services.rehashing import Rehashing
from config_service.services.resealing import Resealing
from config_service.services.retention import Retention
from config_service.services.sending_order import PlatformSender, SendingOrder, sends_through_platform
from config_service.services.services import Services
from config_service.services.setup.aws_setup import aws_setup
from config_service.services.stored_arrivals import StoredArrivals
from config_service.services.suppression_state import SuppressionState
from config_service.services.suppression_transfer import SuppressionTransfer
from config_service.services.suppressions import Suppressions
from config_service.services.sweep import Sweep
from config_service.services.test_emails import TestEmails
from config_service.services.test_outcomes import TestOutcomes
from config_service.services.test_routes import TestRoutes
from config_service.settings import ConfigSettings
from config_service.storage.hash_keys import HashKeyRepository
from config_service.storage.rate_states import RateStates
from config_service.storage.repositories import Repositories
from shared.addresses import normalise


@dataclass(frozen=True, slots=True)
class _Tools:
    """What nearly every use case works with."""

    cipher: CredentialCipher
    hasher: AddressHasher
    vault: AddressVault
    sealing: CredentialSealing
    audit: AuditTrail
    rows: ClinicRows


@dataclass(frozen=True, slots=True)
class _Recording:
    """What events pass through."""

    state: SuppressionState
    feedback: FeedbackService
    held: HeldRetries
    moved: MovedEvents


def wire(
    settings: ConfigSettings,
    repos: Repositories,
    providers: EmailProviders,
    platform: PlatformSender | None,
    accounts: SetupAccounts,
    clock: Clock,
) -> Services:
    """Return all use cases; nothing is asked of AWS or of the database here."""
    tools = _tools(settings, repos, clock)
    recording = _recording(settings, repos, tools, clock)
    audit, rows, sealing, held = tools.audit, tools.rows, tools.sealing, recording.held
    configs = _configs(settings, repos, tools, clock)
    configs.when_saved(providers.forget)
    configs.when_saved(held.retry_clinic)
    retention = Retention(repos, clock, settings.event_retention_days)
    suppressions = Suppressions(repos, recording.state, tools.vault, audit, clock)
    rate_states = RateStates(repos.database)
    test_limit = RateLimit("test emails", Rate(settings.test_emails_per_hour, HOUR), rate_states, clock)
    login_rate = Rate(settings.failed_logins_per_minute, MINUTE)
    routes = TestRoutes(sealing, providers, platform)
    tests = TestEmails(
        repos, rows, routes, suppressions, held, recording.moved, tools.vault, audit, clock, test_limit
    )
    loop = loop_checks(tests, sealing, accounts, settings.probes_per_hour)
    topics, sender = settings.shared_topic_arns, settings.platform.from_email
    return Services(
        repositories=repos,
        audit=audit,
        clinic_rows=rows,
        configs=configs,
        sending_order=SendingOrder(repos.database, rows, sealing, audit, platform),
        feedback=recording.feedback,
        held_events=HeldEvents(repos, held, tools.vault, audit),
        suppressions=suppressions,
        reachability=Reachability(repos.clinics, suppressions, platform_sends=platform is not None),
        transfer=SuppressionTransfer(suppressions),
        erasure=Erasure(repos, tools.vault, audit, rows, clock),
        test_emails=tests,
        test_outcomes=TestOutcomes(repos.events, tools.vault),
        retention=retention,
        failed_logins=FailedLogins(RateLimit("failed logins", login_rate, rate_states, clock)),
        sweep=Sweep(repos.leases, rows, held, retention, rate_states, clock),
        resealing=Resealing(repos.database, tools.cipher, rows, repos.clinics),
        rehashing=Rehashing(
            repos, tools.vault, tools.hasher, HashKeys(HashKeyRepository(repos.database), tools.hasher)
        ),
        loop=loop,
        doctor=build_doctor(settings, accounts, repos, rows, sealing, loop.drift, clock),
        aws=aws_setup(accounts, repos, rows, sealing, configs, topics, sender),
    )


def _tools(settings: ConfigSettings, repos: Repositories, clock: Clock) -> _Tools:
    cipher = CredentialCipher(settings.credentials_keys)
    hasher = AddressHasher(settings.address_hash_keys)
    sealing = CredentialSealing(cipher)
    return _Tools(
        cipher,
        hasher,
        AddressVault(cipher, hasher),
        sealing,
        AuditTrail(repos.audit, clock),
        ClinicRows(repos, sealing, clock),
    )


def _recording(settings: ConfigSettings, repos: Repositories, tools: _Tools, clock: Clock) -> _Recording:
    def through_platform(clinic_id: str) -> bool:
        record = repos.clinics.get(clinic_id)
        return record is not None and sends_through_platform(read_channel(record.settings, EMAIL))

    mapping = ClinicMapping(
        repos.clinics,
        repos.test_sends,
        frozenset(settings.shared_topic_arns),
        normalise(settings.platform.from_email),
        through_platform,
    )
    state = SuppressionState(repos, settings.soft_bounce_limit)
    ceiling = HeldCeiling(repos.held, settings.held_events_per_topic)
    feedback = FeedbackService(repos, mapping, state, Arrivals(tools.vault, clock), ceiling)
    stored = StoredArrivals(tools.vault)
    held = HeldRetries(repos, mapping, feedback, stored)
    return _Recording(state, feedback, held, MovedEvents(repos, mapping, feedback, state, stored))


def _configs(
    settings: ConfigSettings, repos: Repositories, tools: _Tools, clock: Clock
) -> CommunicationConfigService:
    topics = frozenset(settings.shared_topic_arns)
    ownership = Ownership(repos.clinics, topics, normalise(settings.platform.from_email))
    return CommunicationConfigService(repos, tools.rows, tools.sealing, ownership, tools.audit, clock)
