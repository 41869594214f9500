"""Test emails that close their loop: sent through the clinic's own way out, and followed to their end."""

import uuid
from dataclasses import dataclass

import structlog
from msgspec import structs

from config_service.clock import Clock
from config_service.errors import ConflictError, NotFoundError, TooManyRequestsError
from config_service.services.addresses import AddressVault, required_address
from config_service.services.audit_trail import AuditTrail
from config_service.services.clinic_rows import ClinicRows
from config_service.services.held_retries import HeldRetries
from config_service.services.moved_events import MovedEvents
from config_service.services.principal import Principal
from config_service.services.rate_limits import RateLimit
from config_service.services.sending_order import CLINIC_ACCOUNT
from config_service.services.suppressions import Suppressions
from config_service.services.test_routes import TestRoute, TestRoutes
from config_service.storage.database import StorageUnavailableError
from config_service.storage.records import TestSendRecord
from config_service.storage.repositories import Repositories
from shared.addresses import normalise
from shared.errors import ServiceError

log = structlog.get_logger(__name__)

_ATTEMPTS = 3  # each waits for the database's own time limit
SENDING, ACCEPTED, REFUSED = "sending", "accepted", "refused"


@dataclass(frozen=True, slots=True)
class SentTest:
    """A test email that a provider accepted; `tracked` says whether reports of its fate come back."""

    test_id: str
    message_id: str
    tracked: bool


@dataclass(frozen=True, slots=True)
class TestEmails:
    """Sends test emails."""

    __test__ = False  # for pytest: not a test in spite of its name

    repositories: Repositories
    rows: ClinicRows
    routes: TestRoutes
    suppressions: Suppressions
    held: HeldRetries
    moved: MovedEvents
    vault: AddressVault
    audit: AuditTrail
    clock: Clock
    limit: RateLimit

    def send(
        self, clinic_id: str, recipient: object, actor: Principal, provider: str | None = None
    ) -> SentTest:
        """Send a test email through the primary, or through the provider named.

        Raise NotFoundError, ConflictError where the recipient is suppressed, TooManyRequestsError where
        the clinic has sent enough, StorageUnavailableError where one of that cannot be known (nothing is
        sent then), or one of the provider's errors.
        """
        address = required_address(recipient, "testEmail")
        record = self.rows.get(clinic_id)
        route = self.routes.find(record, address, provider)
        self._refuse_suppressed(clinic_id, address)
        self._refuse_too_many(clinic_id)
        return self.send_by(route, clinic_id, actor, uuid.uuid4().hex)

    def send_by(self, route: TestRoute, clinic_id: str, actor: Principal, test_id: str) -> SentTest:
        """Send by a way that was found, and write it down under an id; raise one of the provider's errors."""
        send = self._begin(clinic_id, route, actor, test_id)
        try:
            message_id = route.provider.send(route.email)
        except ServiceError as error:
            self.repositories.test_sends.finish(send.id, REFUSED, code=error.code)
            raise
        self._remember(structs.replace(send, accepted_at=self.clock()), route, message_id)
        return SentTest(send.id, message_id, route.provider.tracks)

    def _refuse_suppressed(self, clinic_id: str, address: str) -> None:
        reasons = self.suppressions.reasons(clinic_id, [address])[0]
        if reasons:
            first = reasons[0]
            raise ConflictError(
                f"This address is on the {first.scope}'s suppression list ({first.code}); nothing was sent.",
                code="recipient_suppressed",
                hint=first.hint,
            )

    def _refuse_too_many(self, clinic_id: str) -> None:
        if wait := self.limit.take(clinic_id):
            raise TooManyRequestsError(
                "This clinic has sent too many test emails for now; nothing was sent.",
                code="too_many_test_emails",
                hint=f"Wait {wait} s. What became of those that were sent: GET .../test-email/{{testId}}.",
                retry_after=wait,
            )

    def _begin(self, clinic_id: str, route: TestRoute, actor: Principal, test_id: str) -> TestSendRecord:
        """Write the send down before the provider is asked: what it reports may come at once."""
        stored = self.vault.store(route.email.recipient)
        send = TestSendRecord(
            id=test_id,
            clinic_id=clinic_id,
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
            self.repositories.erasures.carry_over([stored.hashes])
            self.repositories.test_sends.add(send)
            self.audit.write(actor, "test_email.sent", clinic_id, [f"test:{send.id}", route.name])
        return send

    def _remember(self, send: TestSendRecord, route: TestRoute, message_id: str) -> None:
        """Write down that the mail is on its way, which no fault of ours may deny any more."""
        for _ in range(_ATTEMPTS):
            try:
                self._accepted(send, route, message_id)
            except StorageUnavailableError as error:
                log.warning("an accepted test email is not written down", test=send.id, code=error.code)
            else:
                return

    def _accepted(self, send: TestSendRecord, route: TestRoute, message_id: str) -> None:
        with self.repositories.database.transaction():
            # Whose the message is, and what came of it before that was known, change together.
            self.repositories.test_sends.finish(
                send.id, ACCEPTED, message_id=message_id, accepted_at=send.accepted_at
            )
            self.moved.move_message(message_id)
            if route.account == CLINIC_ACCOUNT and route.provider.tracks:
                # SES sends only for a verified identity: the account's owner owns the address.
                self.repositories.clinics.mark_proven(send.clinic_id, [send.source])
        self.held.retry_message(message_id)
        self.held.retry_clinic(send.clinic_id)

    def get(self, clinic_id: str, test_id: str) -> TestSendRecord:
        """Return a test send; raise NotFoundError where the clinic has none of this id."""
        found = self.repositories.test_sends.get(clinic_id, test_id)
        if found is None:
            raise NotFoundError(
                "This clinic has sent no test email with this id.", code="test_email_not_found"
            )
        return found
