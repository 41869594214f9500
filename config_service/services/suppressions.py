"""The suppression list as people and sending services use it: look, add, remove, explain."""

from collections.abc import Sequence
from dataclasses import dataclass

from config_service.clock import Clock
from config_service.errors import InvalidError, NotFoundError
from config_service.services.addresses import AddressVault, StoredAddress, required_address
from config_service.services.audit_trail import AuditTrail
from config_service.services.principal import Principal
from config_service.services.suppression_reasons import INVALID_ADDRESS, reason_of
from config_service.services.suppression_rules import REASON_COMPLAINT, REASON_MANUAL
from config_service.services.suppression_state import Place, SuppressionState
from config_service.storage.records import ActRecord, SuppressionRecord
from config_service.storage.repositories import Repositories
from config_service.storage.suppressions import SuppressionFilter
from shared.addresses import bare_address
from shared.internal_api import Reason

NOTE = "suppression note"


@dataclass(frozen=True, slots=True)
class ShownSuppression:
    """An entry as people see it; `email` is None where the address was erased."""

    id: str
    email: str | None
    reason: str
    since: int
    until: int | None
    erased: bool


@dataclass(frozen=True, slots=True)
class Suppressions:
    """Works on the clinics' lists and, where `clinic_id` is None, on the platform's."""

    repositories: Repositories
    state: SuppressionState
    vault: AddressVault
    audit: AuditTrail
    clock: Clock

    def page(
        self, clinic_id: str | None, wanted: SuppressionFilter
    ) -> tuple[list[ShownSuppression], SuppressionRecord | None]:
        """Return the entries in force, newest first, and the last row read where there may be more."""
        rows = self.repositories.suppressions.page(clinic_id, wanted)
        shown = [self.shown(row) for row in self.state.in_force(rows, wanted.now)]
        return shown, rows[-1] if len(rows) == wanted.limit else None

    def add(
        self, clinic_id: str | None, email: object, actor: Principal, note: str | None = None
    ) -> tuple[ShownSuppression, bool]:
        """Suppress an address by hand; return the entry, and whether it is new."""
        address = required_address(email, "email")
        with self.repositories.database.transaction():
            self.lock(clinic_id, [address])
            at = max(self.clock(), self._removed_until(clinic_id, address) + 1)
            found = self.put(clinic_id, address, actor, REASON_MANUAL, at, note)
            self.audit.write(actor, "suppression.added", clinic_id, [f"suppression:{found[0].id}"])
            entry = self.repositories.suppressions.get(clinic_id, found[0].id) or found[0]
        return self.shown(entry), found[1]

    def lock(self, clinic_id: str | None, addresses: Sequence[str]) -> None:
        """Lock bare addresses of one list at once, before several `put` in one transaction."""
        self.repositories.suppressions.lock((clinic_id, self.vault.hashes(address)) for address in addresses)

    def put(
        self,
        clinic_id: str | None,
        address: str,
        actor: Principal,
        reason: str,
        at: int,
        note: str | None = None,
    ) -> tuple[SuppressionRecord, bool]:
        """Write down a manual act at its own time, inside the caller's transaction, and what follows.

        Raise InvalidError where a later removal outweighs it.
        """
        stored = self.vault.store(address)
        self.repositories.suppressions.lock([(clinic_id, stored.hashes)])
        self.repositories.erasures.carry_over([stored.hashes])
        if at <= self._removed_until(clinic_id, address):
            raise InvalidError("The address was removed from the list after that time.", code="removed_later")
        before = self.repositories.suppressions.find(clinic_id, stored.hashes)
        self.repositories.suppressions.add_act(
            ActRecord(
                clinic_id,
                stored.hash,
                "add",
                at,
                actor.name,
                reason,
                self.vault.seal_text(note, NOTE),
                address_sealed=stored.sealed,
            )
        )
        entry = self.state.settle(clinic_id, stored)
        assert entry is not None  # an act after the latest removal puts the address on the list
        return entry, before is None

    def remove(
        self, clinic_id: str | None, suppression_id: str, actor: Principal, note: str, *, consent: bool
    ) -> None:
        """Take an entry off the list; after a complaint only with the patient's consent.

        Raise NotFoundError, or InvalidError where the consent is missing.
        """
        with self.repositories.database.transaction():
            found = self._locked(clinic_id, suppression_id)
            hashes = self._hashes_of(found)
            facts = self.state.facts(Place(clinic_id, StoredAddress(hashes, "")))
            if found.reason == REASON_COMPLAINT and not consent:
                raise InvalidError(
                    "This address complained; it may be mailed again only with the patient's consent.",
                    code="consent_needed",
                    errors={"consent": ["Send true once the patient has agreed, and say in the note how."]},
                )
            # An event may carry a time a little ahead of this machine's clock.
            at = max([self.clock(), *(fact.at for fact in facts)])
            sealed = self.vault.seal_text(note, NOTE)
            act = ActRecord(
                clinic_id,
                found.address_hash,
                "remove",
                at,
                actor.name,
                None,
                sealed,
                consent,
                found.address_sealed,
            )
            self.repositories.suppressions.add_act(act)
            self.repositories.suppressions.remove(clinic_id, hashes)
            self.audit.write(actor, "suppression.removed", clinic_id, [f"suppression:{found.id}"])

    def reasons(self, clinic_id: str | None, addresses: Sequence[str]) -> list[list[Reason]]:
        """Return for each address, in their order, why it is not to be mailed: no reason, no obstacle.

        One query for all of them. Raise StorageUnavailableError rather than say that there is none.
        """
        hashes = [self.vault.hashes(bare) if bare else () for bare in map(bare_address, addresses)]
        wanted = {found for each in hashes for found in each}
        blocking = self.repositories.suppressions.blocking(clinic_id, wanted) if wanted else []
        by_hash: dict[str, list[Reason]] = {}
        for entry in self.state.in_force(blocking, self.clock()):
            by_hash.setdefault(entry.address_hash, []).append(reason_of(entry))
        return [_gathered(by_hash, each) for each in hashes]

    def shown(self, record: SuppressionRecord) -> ShownSuppression:
        """Return an entry with its address opened."""
        email = self.vault.show(record.address_hash, record.address_sealed)
        erased = record.address_sealed is None
        return ShownSuppression(record.id, email, record.reason, record.since, record.until, erased)

    def _removed_until(self, clinic_id: str | None, address: str) -> int:
        """When the address was last removed, which may lie a little ahead of this machine's clock."""
        acts = self.repositories.suppressions.acts(clinic_id, self.vault.hashes(address))
        return max((act.at for act in acts if act.action == "remove"), default=-1)

    def _hashes_of(self, entry: SuppressionRecord) -> tuple[str, ...]:
        """Return what the entry's address may be stored under; one that was erased has its own hash alone."""
        shown = self.vault.show(entry.address_hash, entry.address_sealed)
        return self.vault.hashes(shown) if shown else (entry.address_hash,)

    def _locked(self, clinic_id: str | None, suppression_id: str) -> SuppressionRecord:
        found = self.repositories.suppressions.get(clinic_id, suppression_id)
        if found is not None:
            self.repositories.suppressions.lock([(clinic_id, self._hashes_of(found))])
            found = self.repositories.suppressions.get(clinic_id, suppression_id)
        if found is None:
            raise NotFoundError("There is no such entry on this list; it may have been removed already.")
        return found


def _gathered(by_hash: dict[str, list[Reason]], hashes: tuple[str, ...]) -> list[Reason]:
    if not hashes:
        return [INVALID_ADDRESS]
    if by_hash.keys().isdisjoint(hashes):
        return []
    return [reason for address_hash in hashes for reason in by_hash.get(address_hash, ())]
