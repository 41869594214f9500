"""What the set-up has to know of one clinic: the account that it sends with, its sender and its topic."""

from dataclasses import dataclass

from config_service.errors import InvalidError
from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.services.channels import EMAIL, read_channel
from config_service.services.clinic_rows import ClinicRows
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.ses_entries import TOPIC, ses_entry


@dataclass(frozen=True, slots=True)
class ClinicTarget:
    """One clinic's SES account in its region."""

    clinic_id: str
    account: AccountResources
    region: str
    sender: str | None
    topic_arn: str | None


class ClinicTargets:
    """Finds a clinic's."""

    def __init__(self, rows: ClinicRows, sealing: CredentialSealing, accounts: SetupAccounts) -> None:
        """Take where clinics are, what opens their credentials, and what connects."""
        self._rows = rows
        self._sealing = sealing
        self._accounts = accounts

    def find(self, clinic_id: str) -> ClinicTarget:
        """Return the clinic's; without credentials of its own the platform's account serves it.

        Raise NotFoundError, InvalidError for one that does not send by SES, or AwsRefusedError.
        """
        record = self._rows.get(clinic_id)
        email = read_channel(record.settings, EMAIL)
        entry = ses_entry(email)
        if entry is None:
            raise InvalidError(
                f"The clinic {clinic_id!r} does not send by SES.",
                hint=f"Give it SES first: PUT /api/v1/clinics/{clinic_id}/communication/ses.",
            )
        opened = self._sealing.open(clinic_id, EMAIL, entry)
        account = self._accounts.of_clinic(clinic_id, record.external_id or "", opened)
        sender = opened.get("fromEmail") or email.default_from
        return ClinicTarget(clinic_id, account, opened["region"], sender, opened.get(TOPIC))

    def stored_topic(self, clinic_id: str) -> str | None:
        """Return the topic of the clinic's own that its settings name now."""
        entry = ses_entry(read_channel(self._rows.get(clinic_id).settings, EMAIL))
        return entry.credentials.get(TOPIC) if entry else None
