"""The way out that a test email takes: a clinic's provider, or the platform's own account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config_service.providers.base import Email, EmailProvider, EmailProviders, SendRefusedError
from config_service.services.channels import EMAIL, ChannelSettings, ProviderEntry, read_channel
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.provider_credentials import PROVIDERS
from config_service.services.sending_order import (
    CLINIC_ACCOUNT,
    PLATFORM_ACCOUNT,
    PlatformSender,
    has_own_account,
)
from config_service.storage.records import ClinicRecord
from shared.ses import CLINIC_TAG

PLATFORM = "platform"  # the name under which a request asks for the platform's own account

_SUBJECT = "Test email: this clinic can send"
_TEXT = (
    "This is a test email. It shows that the clinic's email settings work.\n\n"
    "Nobody needs to do anything. If you did not ask for it, you may delete it.\n"
)


@dataclass(frozen=True, slots=True)
class TestRoute:
    """A connected provider, the message for it, and whose account it is."""

    __test__ = False  # for pytest: not a test in spite of its name

    name: str
    account: str
    provider: EmailProvider
    email: Email


class TestRoutes:
    """Finds ways out."""

    __test__ = False

    def __init__(
        self, sealing: CredentialSealing, providers: EmailProviders, platform: PlatformSender | None
    ) -> None:
        """Take what opens credentials, what connects, and the platform's own account."""
        self._sealing = sealing
        self._providers = providers
        self._platform = platform

    def find(self, record: ClinicRecord, recipient: str, provider: str | None) -> TestRoute:
        """Return the way of the primary, or of the provider named; raise SendRefusedError without one."""
        settings = read_channel(record.settings, EMAIL)
        if provider == PLATFORM or (provider is None and not settings.entries()):
            return self._platform_route(record, recipient)
        entry = _chosen(settings, provider)
        if entry.provider not in PROVIDERS[EMAIL]:
            raise SendRefusedError(
                f"The stored provider {entry.provider!r} is unknown: the row was changed directly.",
                code="provider_unknown",
                hint=f"Save the configuration again with one of {', '.join(PROVIDERS[EMAIL])}.",
            )
        opened = self._sealing.open(record.id, EMAIL, entry)
        email = _email(record, recipient, opened, settings)
        connected = self._providers.for_clinic(record.id, record.external_id or "", entry.provider, opened)
        account = CLINIC_ACCOUNT if has_own_account(entry) else PLATFORM_ACCOUNT
        return TestRoute(entry.provider, account, connected, email)

    def _platform_route(self, record: ClinicRecord, recipient: str) -> TestRoute:
        connected = self._providers.platform()
        if connected is None or self._platform is None:
            raise SendRefusedError(
                "Neither the clinic nor the platform has an email provider.",
                code="no_provider_configured",
                hint="Set up SES for the clinic: PUT .../communication/ses.",
            )
        sender = {"fromEmail": self._platform.from_email, "fromName": self._platform.from_name}
        email = _email(record, recipient, sender, ChannelSettings())
        return TestRoute(PLATFORM, PLATFORM_ACCOUNT, connected, email)


def _email(
    record: ClinicRecord, recipient: str, credentials: Mapping[str, Any], settings: ChannelSettings
) -> Email:
    sender = credentials.get("fromEmail") or settings.default_from
    if not sender:
        raise SendRefusedError(
            "The provider names no sender.",
            code="no_sender_configured",
            hint="Set fromEmail in the provider's credentials, or defaultFrom.",
        )
    return Email(
        recipient=recipient,
        subject=_SUBJECT,
        text=_TEXT,
        from_address=sender,
        from_name=credentials.get("fromName") or settings.default_from_name,
        reply_to=credentials.get("replyTo"),
        tags={CLINIC_TAG: record.id},
        configuration_set=credentials.get("configurationSetName"),
    )


def _chosen(settings: ChannelSettings, provider: str | None) -> ProviderEntry:
    fallback = sorted(settings.fallback, key=lambda entry: entry.priority)
    entries = (settings.primary, *fallback) if settings.primary else tuple(fallback)
    if provider is not None:
        entries = tuple(entry for entry in entries if entry.provider == provider)
    if not entries:
        raise SendRefusedError(
            f"The clinic has no email provider {provider!r}.",
            code="no_provider_configured",
            hint="Name one of the clinic's providers, or leave provider out to test the primary.",
        )
    if not entries[0].enabled:
        raise SendRefusedError(
            f"The clinic's provider {entries[0].provider!r} is switched off.",
            code="provider_disabled",
            hint="Save the provider with enabled set to true, then test again.",
        )
    return entries[0]
