"""Test emails that close their loop: sent through the clinic's own way out, and followed to their end."""

import uuid
from dataclasses import dataclass, replace

from config_service.clock import Clock
from config_service.errors import ConflictError, NotFoundError
from config_service.providers.base import Email, EmailProvider, EmailProviders, SendRefusedError
from config_service.services.addresses import AddressVault, required_address
from config_service.services.audit_trail import AuditTrail
from config_service.services.channels import EMAIL, ChannelSettings, ProviderEntry, read_channel
from config_service.services.communication_config import CommunicationConfigService
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.held_events import HeldEvents
from config_service.services.principal import Principal
from config_service.services.sending_order import (
    CLINIC_ACCOUNT,
    PLATFORM_ACCOUNT,
    PlatformSender,
    has_own_account,
)
from config_service.services.suppressions import Suppressions
from config_service.storage.records import ClinicRecord, TestSendRecord
from config_service.storage.repositories import Repositories
from shared.addresses import normalise
from shared.errors import ServiceError
from shared.ses import CLINIC_TAG

SENDING, ACCEPTED, REFUSED = "sending", "accepted", "refused"
PLATFORM = "platform"  # the name under which a request asks for the platform's own account

_SUBJECT = "Test email: this clinic can send"
_TEXT = (
    "This is a test email. It shows that the clinic's email settings work.\n\n"
    "Nobody needs to do anything. If you did not ask for it, you may delete it.\n"
)


@dataclass(frozen=True, slots=True)
class SentTest:
    """A test email that a provider accepted; `tracked` says whether reports of its fate come back."""

    test_id: str
    message_id: str
    tracked: bool


@dataclass(frozen=True, slots=True)
class _Route:
    """The way out that a test takes."""

    name: str
    account: str
    provider: EmailProvider
    email: Email


@dataclass(frozen=True, slots=True)
class TestEmails:
    """Sends test emails."""

    __test__ = False  # for pytest: not a test in spite of its name

    repositories: Repositories
    configs: CommunicationConfigService
    sealing: CredentialSealing
    providers: EmailProviders
    platform: PlatformSender | None
    suppressions: Suppressions
    held: HeldEvents
    vault: AddressVault
    audit: AuditTrail
    clock: Clock

    def send(
        self, clinic_id: str, recipient: object, actor: Principal, provider: str | None = None
    ) -> SentTest:
        """Send a test email through the primary, or through the provider named.

        Raise NotFoundError, ConflictError where the recipient is suppressed, StorageUnavailableError
        where that cannot be known (nothing is sent then), or one of the provider's errors.
        """
        address = required_address(recipient, "testEmail")
        record = self.configs.stored(clinic_id)
        route = self._route(record, address, provider)
        self._refuse_suppressed(clinic_id, address)
        send = self._begin(record, route, actor)
        try:
            message_id = route.provider.send(route.email)
        except ServiceError as error:
            self.repositories.test_sends.finish(send.id, REFUSED, code=error.code)
            raise
        self._accepted(send, route, message_id)
        return SentTest(send.id, message_id, route.provider.tracks)

    def _route(self, record: ClinicRecord, recipient: str, provider: str | None) -> _Route:
        settings = read_channel(record.settings, EMAIL)
        if provider == PLATFORM or (provider is None and not settings.entries()):
            return self._platform_route(record, recipient)
        entry = _chosen(settings, provider)
        opened = self.sealing.open(record.id, EMAIL, entry)
        sender = opened.get("fromEmail") or settings.default_from
        if not sender:
            raise SendRefusedError(
                "The provider names no sender.",
                code="no_sender_configured",
                hint="Set fromEmail in the provider's credentials, or defaultFrom.",
            )
        email = Email(
            recipient=recipient,
            subject=_SUBJECT,
            text=_TEXT,
            from_address=sender,
            from_name=opened.get("fromName") or settings.default_from_name,
            reply_to=opened.get("replyTo"),
            tags={CLINIC_TAG: record.id},
            configuration_set=opened.get("configurationSetName"),
        )
        connected = self.providers.for_clinic(record.id, record.external_id or "", entry.provider, opened)
        account = CLINIC_ACCOUNT if has_own_account(entry) else PLATFORM_ACCOUNT
        return _Route(entry.provider, account, connected, email)

    def _platform_route(self, record: ClinicRecord, recipient: str) -> _Route:
        connected = self.providers.platform()
        if connected is None or self.platform is None:
            raise SendRefusedError(
                "Neither the clinic nor the platform has an email provider.",
                code="no_provider_configured",
                hint="Set up SES for the clinic: PUT .../communication/ses.",
            )
        email = Email(
            recipient=recipient,
            subject=_SUBJECT,
            text=_TEXT,
            from_address=self.platform.from_email,
            from_name=self.platform.from_name,
            tags={CLINIC_TAG: record.id},
        )
        return _Route(PLATFORM, PLATFORM_ACCOUNT, connected, email)

    def _refuse_suppressed(self, clinic_id: str, address: str) -> None:
        reasons = self.suppressions.reasons(clinic_id, [address])[0]
        if reasons:
            first = reasons[0]
            raise ConflictError(
                f"This address is on the {first.scope}'s suppression list ({first.code}); nothing was sent.",
                code="recipient_suppressed",
                hint=first.hint,
            )

    def _begin(self, record: ClinicRecord, route: _Route, actor: Principal) -> TestSendRecord:
        """Write the send down before the provider is asked: what it reports may come at once."""
        stored = self.vault.store(route.email.recipient)
        send = TestSendRecord(
            id=uuid.uuid4().hex,
            clinic_id=record.id,
            provider=route.name,
            account=route.account,
            source=normalise(route.email.from_address) or "",
            recipient_hash=stored.hash,
            recipient_sealed=stored.sealed,
            state=SENDING,
            created_at=self.clock(),
            actor=actor.name,
        )
        with self.repositories.database.transaction():
            self.repositories.test_sends.add(send)
            self.audit.write(actor, "test_email.sent", record.id, [f"test:{send.id}", route.name])
        return send

    def _accepted(self, send: TestSendRecord, route: _Route, message_id: str) -> None:
        with self.repositories.database.transaction():
            self.repositories.test_sends.finish(send.id, ACCEPTED, message_id=message_id)
            if route.account == CLINIC_ACCOUNT and route.provider.tracks:
                # SES sends only for a verified identity: the account's owner owns the address.
                self.repositories.clinics.mark_proven(send.clinic_id, [send.source])
        self.held.remap_message(message_id)
        self.held.retry_clinic(send.clinic_id)

    def get(self, clinic_id: str, test_id: str) -> TestSendRecord:
        """Return a test send; raise NotFoundError where the clinic has none of this id."""
        found = self.repositories.test_sends.get(clinic_id, test_id)
        if found is None:
            raise NotFoundError(
                "This clinic has sent no test email with this id.", code="test_email_not_found"
            )
        return replace(found)


def _chosen(settings: ChannelSettings, provider: str | None) -> ProviderEntry:
    entries = settings.entries()
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
