"""Which of our lists stand beside the one list that SES keeps of an account in a region.

SES has one for everybody who sends from the account. Where several do, an address on it is one of theirs, and
nobody can say whose: what is missing here goes on the platform-wide list, which blocks for all and shows the
address to no clinic.
"""

from dataclasses import dataclass, field

from cachetools import LRUCache

from config_service.encryption import SealedValueError
from config_service.errors import InvalidError
from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.services.channels import EMAIL, ProviderEntry, read_channel
from config_service.services.clinic_rows import ClinicRows
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.sending_order import has_own_account
from config_service.services.ses_entries import SES, ses_entry
from config_service.storage.clinics import ClinicRepository
from config_service.storage.records import ClinicRecord
from shared.errors import ServiceError

_KEYS_REMEMBERED = 10_000  # an access key stays with its account for as long as it lives


@dataclass(slots=True)
class AccountLists:
    """One account in one region, and the clinics that send from it; `platform`: the platform does as well."""

    account_id: str
    region: str
    resources: AccountResources = field(repr=False)
    platform: bool = False
    clinic_ids: list[str] = field(default_factory=list)

    @property
    def shared(self) -> bool:
        """Whether an address on SES's list may be any of several senders'."""
        return self.platform or len(self.clinic_ids) != 1

    @property
    def scopes(self) -> list[str | None]:
        """Our lists, the platform-wide one too, which blocks for everybody."""
        return [*self.clinic_ids, None]

    @property
    def home(self) -> str | None:
        """The list that takes what is missing here."""
        return None if self.shared else self.clinic_ids[0]

    def join(self, clinic_id: str) -> None:
        """Count a clinic, however many of its settings lead here."""
        if clinic_id not in self.clinic_ids[-1:]:
            self.clinic_ids.append(clinic_id)


@dataclass(slots=True)
class _Gathered:
    lists: dict[tuple[str, str], AccountLists] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)

    def take(self, resources: AccountResources, account_id: str) -> AccountLists:
        key = (account_id, resources.account.region)
        return self.lists.setdefault(key, AccountLists(*key, resources))


class AccountListFinder:
    """Groups the clinics by the accounts that their SES settings lead to."""

    def __init__(
        self,
        clinics: ClinicRepository,
        rows: ClinicRows,
        sealing: CredentialSealing,
        accounts: SetupAccounts,
    ) -> None:
        """Take where clinics are, what opens their credentials, and what connects."""
        self._clinics = clinics
        self._rows = rows
        self._sealing = sealing
        self._accounts = accounts
        self._of_key: LRUCache[str, str] = LRUCache(_KEYS_REMEMBERED)

    def of_clinic(self, clinic_id: str) -> AccountLists:
        """Return the account that a clinic sends from first, with everybody who does.

        Raise NotFoundError, InvalidError for a clinic without SES, or what AWS answers.
        """
        record = self._rows.get(clinic_id)
        email = read_channel(record.settings, EMAIL)
        entry = ses_entry(email)
        if entry is None and email.entries():
            raise InvalidError(
                f"The clinic {clinic_id!r} does not send by SES, which alone keeps such a list.",
                hint=f"Give it SES first: PUT /api/v1/clinics/{clinic_id}/communication/ses.",
            )
        resources, account_id = self._place(record, entry)
        gathered = self._gather(resources.account.region)
        return gathered.lists.get((account_id, resources.account.region)) or gathered.take(
            resources, account_id
        )

    def every(self) -> tuple[list[AccountLists], dict[str, str]]:
        """Return all accounts, and the clinics whose account could not be found out, each with why."""
        gathered = self._gather()
        return list(gathered.lists.values()), gathered.unknown

    def _gather(self, region: str | None = None) -> _Gathered:
        """Look every clinic up, or those that send in `region`; SES's lists are apart by region."""
        gathered, platform = _Gathered(), self._platform()
        if platform is not None and region in (None, platform.account.region):
            gathered.take(platform, self._account_of("", platform)).platform = True
        for record in self._clinics.every():
            if platform is not None and region in (None, platform.account.region):  # everybody's last resort
                gathered.take(platform, self._account_of("", platform)).join(record.id)
            for entry in read_channel(record.settings, EMAIL).entries():
                if entry.provider == SES and region in (None, entry.credentials.get("region")):
                    self._take(gathered, record, entry)
        return gathered

    def _take(self, gathered: _Gathered, record: ClinicRecord, entry: ProviderEntry) -> None:
        try:
            found = gathered.take(*self._place(record, entry))
        except (ServiceError, SealedValueError) as error:
            gathered.unknown[record.id] = error.message
            return
        found.platform |= not has_own_account(entry)
        found.join(record.id)

    def _platform(self) -> AccountResources | None:
        try:
            return self._accounts.platform()
        except ServiceError:
            return None

    def _place(self, record: ClinicRecord, entry: ProviderEntry | None) -> tuple[AccountResources, str]:
        if entry is None:
            platform = self._accounts.platform()
            return platform, self._account_of("", platform)
        opened = self._sealing.open(record.id, EMAIL, entry)
        resources = self._accounts.of_clinic(record.id, record.external_id or "", opened)
        role = opened.get("roleArn")
        if isinstance(role, str) and role and not opened.get("accessKeyId"):
            return resources, role.split(":")[4]
        return resources, self._account_of(opened.get("accessKeyId") or "", resources)

    def _account_of(self, access_key_id: str, resources: AccountResources) -> str:
        """Return whose a key is, which AWS is asked once; an empty one is the platform's."""
        if access_key_id not in self._of_key:
            self._of_key[access_key_id] = resources.place.account
        return self._of_key[access_key_id]
