"""What a clinic sends with: its own providers in the order to try, and the platform's account as the last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config_service.services.audit_trail import AuditTrail
from config_service.services.channels import CHANNELS, EMAIL, ChannelSettings, ProviderEntry, read_channel
from config_service.services.clinic_rows import ClinicRows
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.principal import Principal
from config_service.storage.database import Database
from config_service.storage.records import ClinicRecord

CLINIC_ACCOUNT = "clinic"
PLATFORM_ACCOUNT = "platform"
OWN_CREDENTIALS = ("accessKeyId", "roleArn", "host")


@dataclass(frozen=True, slots=True)
class PlatformSender:
    """The platform's own SES account, as far as a sending service needs it; credentials may be its own."""

    region: str
    from_email: str
    from_name: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None

    def document(self) -> dict[str, Any]:
        """Return it as a provider entry; keys are left out where the machine's own role gives them."""
        credentials = {
            "region": self.region,
            "accessKeyId": self.access_key_id,
            "secretAccessKey": self.secret_access_key,
            "fromEmail": self.from_email,
            "fromName": self.from_name,
        }
        return {
            "provider": "aws_ses",
            "account": PLATFORM_ACCOUNT,
            "credentials": {name: value for name, value in credentials.items() if value is not None},
        }


def sends_through_platform(email: ChannelSettings) -> bool:
    """Whether a clinic has no account of its own that is switched on, so that the platform's serves it."""
    return not any(has_own_account(entry) for entry in email.in_order())


def has_own_account(entry: ProviderEntry) -> bool:
    """Whether an email provider sends under credentials of the clinic's own."""
    return any(entry.credentials.get(name) for name in OWN_CREDENTIALS)


class SendingOrder:
    """Opens a clinic's credentials for the platform's sending services; every opening is audited."""

    def __init__(
        self,
        database: Database,
        rows: ClinicRows,
        sealing: CredentialSealing,
        audit: AuditTrail,
        platform: PlatformSender | None,
    ) -> None:
        """Take what it reads with; `platform` is None where it has no account."""
        self._database = database
        self._rows = rows
        self._sealing = sealing
        self._audit = audit
        self._platform = platform

    def effective_config(self, clinic_id: str, actor: Principal) -> dict[str, Any]:
        """Return per channel the providers in the order to try, with their credentials opened.

        Raise NotFoundError for an unknown clinic and SealedValueError where a credential does not open.
        """
        record = self._rows.get(clinic_id)
        channels = {channel: self._channel(record, channel) for channel in CHANNELS}
        opened = [
            f"{channel}.{provider['provider']}"
            for channel, found in channels.items()
            for provider in found["providers"]
        ]
        with self._database.transaction():
            self._audit.write(actor, "credentials.opened", clinic_id, opened)
        return {"clinicId": clinic_id, "externalId": record.external_id, **channels}

    def _channel(self, record: ClinicRecord, channel: str) -> dict[str, Any]:
        settings = read_channel(record.settings, channel)
        providers = [self._opened(record.id, channel, entry) for entry in settings.in_order()]
        if channel != EMAIL:
            return {"providers": providers}
        if self._platform is not None:
            providers.append(self._platform.document())
        return {
            "providers": providers,
            "defaultFrom": settings.default_from,
            "defaultFromName": settings.default_from_name,
        }

    def _opened(self, clinic_id: str, channel: str, entry: ProviderEntry) -> Mapping[str, Any]:
        return {
            "provider": entry.provider,
            "account": CLINIC_ACCOUNT,
            "credentials": self._sealing.open(clinic_id, channel, entry),
        }
