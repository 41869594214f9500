"""Which AWS accounts the clinics send from: SES may publish to the shared topic for these, and no others."""

from collections.abc import Iterator
from dataclasses import dataclass

from config_service.encryption import SealedValueError
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.services.channels import EMAIL, ProviderEntry, read_channel
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.ses_entries import SES
from config_service.storage.clinics import ClinicRepository
from config_service.storage.records import ClinicRecord
from shared.errors import ServiceError


@dataclass(frozen=True, slots=True)
class KnownAccounts:
    """Account ids, and the clinics whose account could not be found out, each with why."""

    ids: frozenset[str]
    unknown: dict[str, str]


class ClinicAccounts:
    """Looks every clinic up."""

    def __init__(
        self, clinics: ClinicRepository, sealing: CredentialSealing, accounts: SetupAccounts
    ) -> None:
        """Take where clinics are, what opens their credentials, and what connects."""
        self._clinics = clinics
        self._sealing = sealing
        self._accounts = accounts

    def in_region(self, region: str) -> KnownAccounts:
        """Return the accounts of the clinics that send by SES in `region`: SES publishes nowhere else."""
        ids, unknown = set(), {}
        for record in self._clinics.every():
            for entry in _own_accounts(record, region):
                try:
                    ids.add(self._account_of(record, entry))
                except (ServiceError, SealedValueError) as error:
                    unknown[record.id] = error.message
        return KnownAccounts(frozenset(ids), unknown)

    def _account_of(self, record: ClinicRecord, entry: ProviderEntry) -> str:
        role = entry.credentials.get("roleArn")
        if isinstance(role, str) and role:
            return role.split(":")[4]
        opened = self._sealing.open(record.id, EMAIL, entry)
        return self._accounts.of_clinic(record.id, record.external_id or "", opened).place.account


def _own_accounts(record: ClinicRecord, region: str) -> Iterator[ProviderEntry]:
    for entry in read_channel(record.settings, EMAIL).entries():
        own = entry.credentials.get("accessKeyId") or entry.credentials.get("roleArn")
        if entry.provider == SES and entry.credentials.get("region") == region and own:
            yield entry
