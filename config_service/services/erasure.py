"""Erases a person's address wherever it is stored, so that it cannot be shown any more.

Its keyed hash stays, and with it the suppression entries: erased people are never mailed by mistake. What
comes in for the address later is stored by that hash alone.
"""

import re
from dataclasses import dataclass

from config_service.clock import Clock
from config_service.errors import NotFoundError
from config_service.services.addresses import AddressVault, required_address
from config_service.services.arrivals import DETAIL, RAW
from config_service.services.audit_trail import AuditTrail
from config_service.services.clinic_rows import ClinicRows
from config_service.services.principal import Principal
from config_service.services.suppressions import NOTE
from config_service.storage.erasures import ERASE, EVERYWHERE
from config_service.storage.records import ActRecord, HeldEventRecord
from config_service.storage.repositories import Repositories
from shared.addresses import comparable

WORD = "erased"  # stands where an address, or words about it, stood
_PAGE = 200
_SHORT = 12  # digits of a hash: enough to tell people apart, and nothing without the key


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases for one clinic, in what is the clinic's, or for all of them and the platform."""

    repositories: Repositories
    vault: AddressVault
    audit: AuditTrail
    rows: ClinicRows
    clock: Clock

    def erase(self, clinic_id: str | None, email: object, actor: Principal, note: str) -> dict[str, int]:
        """Erase an address for a clinic or, where `clinic_id` is None, everywhere.

        Return how many rows changed, by table; none the second time. Raise InvalidError for what is no
        address, and NotFoundError, changing nothing, where nothing is stored of it.
        """
        address = required_address(email, "email")
        hashes, scope = self.vault.hashes(address), clinic_id or EVERYWHERE
        erasures = self.repositories.erasures
        with self.repositories.database.transaction():
            erasures.lock_writers()
            named = self._redact_unreadable(address) if clinic_id is None else 0
            if not (named or erasures.knows(hashes, scope)):
                raise _unknown()
            erasures.mark(hashes, scope, self.clock())
            changed = erasures.blank(hashes, scope, self.vault.seal_text(WORD, DETAIL))
            if named:
                changed["held_events"] += named
            self._write_down(clinic_id, hashes[0], actor, note, changed)
        self.rows.empty_log()
        return changed

    def _write_down(
        self, clinic_id: str | None, address_hash: str, actor: Principal, note: str, changed: dict[str, int]
    ) -> None:
        sealed = self.vault.seal_text(note, NOTE)
        act = ActRecord(clinic_id, address_hash, ERASE, self.clock(), actor.name, note_sealed=sealed)
        self.repositories.suppressions.add_act(act)
        key_id, _, digits = address_hash.partition(":")
        counts = [f"{table}:{count}" for table, count in changed.items() if count]
        self.audit.write(actor, "address.erased", clinic_id, [f"address:{key_id}:{digits[:_SHORT]}", *counts])

    def _redact_unreadable(self, address: str) -> int:
        """Take the address out of SES's own texts that could not be read, which no hash finds."""
        pattern, count, after = _mention(address), 0, 0
        while page := self.repositories.erasures.unreadable(after, _PAGE):
            count += sum(self._redact(held, pattern) for held in page)
            after = page[-1].id or after
        return count

    def _redact(self, held: HeldEventRecord, pattern: re.Pattern[str]) -> bool:
        raw = self.vault.show_text(held.raw_sealed, RAW) or ""
        detail = self.vault.show_text(held.detail_sealed, DETAIL)
        if held.id is None or not any(pattern.search(text) for text in (_plain(raw), _plain(detail or ""))):
            return False
        shown = pattern.sub(WORD, raw)
        if pattern.search(_plain(shown)):  # it is written with escapes, and cannot be cut out by itself
            shown = WORD
        self.repositories.erasures.redact(
            held.id,
            self.vault.seal_text(shown, RAW),
            self.vault.seal_text(pattern.sub(WORD, detail) if detail else None, DETAIL),
        )
        return True


def _mention(address: str) -> re.Pattern[str]:
    """Return what finds an address in a text, and not within a longer one."""
    spellings = "|".join(re.escape(found) for found in {address, comparable(address)})
    return re.compile(rf"(?<![\w.!#$%&'*+/=?^`{{|}}~-])(?:{spellings})(?![\w-]|\.\w)", re.IGNORECASE)


def _plain(text: str) -> str:
    r"""Return a text with JSON's `\u0040` and its like undone."""
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)


def _unknown() -> NotFoundError:
    return NotFoundError(
        "Nothing is stored of this address; nothing was changed.",
        code="address_unknown",
        hint="Check the spelling. An address is erased only where it is known.",
    )
