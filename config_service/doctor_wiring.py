"""The composition root's part that builds the doctor's adapters."""

from functools import partial

from config_service.clock import Clock
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.providers.dns.resolver import DnsRecords, new_resolver
from config_service.providers.webhook_reach import WebhookReach
from config_service.services.clinic_rows import ClinicRows
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.doctor.doctor import Doctor
from config_service.services.doctor.drift_sample import DriftSampler
from config_service.services.doctor.gathering import Gathering, PlatformNames
from config_service.services.doctor.local_facts import LocalSources
from config_service.services.drift.drift import Drift
from config_service.settings import ConfigSettings
from config_service.storage.repositories import Repositories
from shared.addresses import normalise


def build_doctor(
    settings: ConfigSettings,
    accounts: SetupAccounts,
    repositories: Repositories,
    rows: ClinicRows,
    sealing: CredentialSealing,
    drift: Drift,
    clock: Clock,
) -> Doctor:
    """Return the doctor; nothing is asked before it examines somebody."""
    platform, lenient = settings.platform, not settings.production
    local = LocalSources(
        repositories,
        clock,
        settings.shared_topic_arns,
        normalise(platform.from_email),
        settings.credentials_keys[0].id,
        allow_http=lenient,
    )
    gathering = Gathering(
        accounts,
        PlatformNames(platform.region, platform.from_email, platform.access_key_id),
        local,
        DnsRecords(partial(new_resolver, settings.dns_resolver)),
        WebhookReach(allow_private=lenient),
        DriftSampler(drift),
    )
    return Doctor(repositories.clinics, rows, sealing, gathering)
