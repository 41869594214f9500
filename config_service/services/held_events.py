"""Events that wait for their clinic, as people work on them: shown, assigned, dismissed."""

from dataclasses import dataclass

from config_service.errors import InvalidError, NotFoundError
from config_service.services.addresses import AddressVault
from config_service.services.arrivals import RAW
from config_service.services.audit_trail import AuditTrail
from config_service.services.clinic_mapping import RULE_ASSIGNED, Mapping
from config_service.services.held_retries import HeldRetries
from config_service.services.principal import Principal
from config_service.storage.records import HeldEventRecord
from config_service.storage.repositories import Repositories
from shared.internal_api import RecordResult
from shared.ses import UNREADABLE


@dataclass(frozen=True, slots=True)
class HeldEvents:
    """Works off the queue of held events."""

    repositories: Repositories
    retries: HeldRetries
    vault: AddressVault
    audit: AuditTrail

    def page(self, after: int, limit: int) -> list[HeldEventRecord]:
        """Return held events in the order of their arrival."""
        return self.repositories.held.page(after, limit)

    def assign(self, event_id: int, clinic_id: str, actor: Principal) -> RecordResult:
        """Give a held event its clinic by hand; raise NotFoundError where either does not exist."""
        with self.repositories.database.transaction():
            held = self._existing(event_id)
            if held.kind == UNREADABLE:
                raise InvalidError("This event cannot be read, so that it says nothing of a clinic's mail.")
            if not self.repositories.clinics.exists(clinic_id):
                raise NotFoundError(f"There is no clinic {clinic_id!r}.", code="clinic_not_found")
            results = self.retries.apply([(held, Mapping(RULE_ASSIGNED, clinic_id))])
            if not results:
                raise NotFoundError("The held event has been applied meanwhile.")
            self.audit.write(actor, "held_event.assigned", clinic_id, [f"heldEvent:{event_id}"])
            return results[0]

    def show(self, event_id: int, actor: Principal) -> tuple[HeldEventRecord, str | None]:
        """Return a held event and, of one that could not be read, SES's text; the opening is audited."""
        with self.repositories.database.transaction():
            held = self._existing(event_id)
            self.audit.write(actor, "held_event.opened", None, [f"heldEvent:{event_id}"])
        return held, self.vault.show_text(held.raw_sealed, RAW)

    def dismiss(self, event_id: int, actor: Principal) -> None:
        """Take a held event out, since a person has seen that nothing follows from it."""
        with self.repositories.database.transaction():
            self._existing(event_id)
            self.repositories.held.remove([event_id])
            self.audit.write(actor, "held_event.dismissed", None, [f"heldEvent:{event_id}"])

    def _existing(self, event_id: int) -> HeldEventRecord:
        held = self.repositories.held.get(event_id)
        if held is None:
            raise NotFoundError("There is no such held event; it may have been applied meanwhile.")
        return held
