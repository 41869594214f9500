"""The set-up's use cases, built over the service's own."""

from dataclasses import dataclass

from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.services.clinic_rows import ClinicRows
from config_service.services.communication_config import CommunicationConfigService
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.setup.clinic_accounts import ClinicAccounts
from config_service.services.setup.clinic_targets import ClinicTargets
from config_service.services.setup.identities import Identities
from config_service.services.setup.setup import Setup
from config_service.storage.repositories import Repositories


@dataclass(frozen=True, slots=True)
class AwsSetup:
    """What the commands call."""

    setup: Setup
    identities: Identities


def aws_setup(
    accounts: SetupAccounts,
    repositories: Repositories,
    rows: ClinicRows,
    sealing: CredentialSealing,
    configs: CommunicationConfigService,
    shared_topics: tuple[str, ...],
    platform_sender: str | None,
) -> AwsSetup:
    """Return the use cases; `shared_topics` and `platform_sender` are the platform's own."""
    targets = ClinicTargets(rows, sealing, accounts)
    clinics = ClinicAccounts(repositories.clinics, sealing, accounts)
    return AwsSetup(
        Setup(accounts, clinics, targets, configs, shared_topics, platform_sender),
        Identities(accounts, targets, platform_sender),
    )
