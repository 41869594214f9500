"""A clinic's row, complete and sealed whoever wrote it: the platform's direct updates are honoured."""

import hashlib
import json
import uuid

from msgspec import structs

from config_service.clock import Clock
from config_service.errors import NotFoundError
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.sender_addresses import with_plain_senders
from config_service.storage.records import ClinicRecord
from config_service.storage.repositories import Repositories


class ClinicRows:
    """Reads rows, and seals and completes what was written past this service."""

    def __init__(self, repositories: Repositories, sealing: CredentialSealing, clock: Clock) -> None:
        """Take what it works with."""
        self._repositories = repositories
        self._sealing = sealing
        self._clock = clock
        self._log_is_full = True  # an earlier process may have left it so

    def get(self, clinic_id: str) -> ClinicRecord:
        """Return the clinic's row, complete and sealed; raise NotFoundError where there is none."""
        record = self._repositories.clinics.get(clinic_id)
        if record is None:
            raise clinic_not_found(clinic_id)
        return self._complete(record) or record

    def seal_direct_updates(self) -> int:
        """Complete and seal every row that was written past this service, and return how many."""
        return sum(self._complete(record) is not None for record in self._repositories.clinics.every())

    def retry_emptying(self) -> None:
        """Empty SQLite's log where a reader was in the way after the last sealing."""
        if self._log_is_full:
            self.empty_log()

    def empty_log(self) -> None:
        """Empty SQLite's log of what was in the clear."""
        self._log_is_full = not self._repositories.database.truncate_log()

    def reseal(self, clinic_id: str) -> bool:
        """Bring every secret of a clinic under the current key, and return whether that changed anything.

        Raise SealedValueError where one does not open.
        """
        with self._repositories.database.transaction():
            current = self._repositories.clinics.get_for_update(clinic_id)
            settings = self._sealing.reseal_settings(clinic_id, current.settings) if current else None
            if current and settings:
                self._repositories.clinics.save(structs.replace(current, settings=settings))
            return settings is not None

    def _complete(self, seen: ClinicRecord) -> ClinicRecord | None:
        """Return the row completed and sealed, or None where `seen` already is."""
        if self.completed(seen) is None:
            return None
        with self._repositories.database.transaction():
            # Read again under the lock: what was written since must not be lost.
            current = self._repositories.clinics.get_for_update(seen.id)
            completed = self.completed(current) if current else None
            if completed is not None:
                self._repositories.clinics.save(completed)
        self.empty_log()
        return completed or current

    def completed(self, record: ClinicRecord) -> ClinicRecord | None:
        """Return the row with what it lacks, or None where it lacks nothing."""
        plain = with_plain_senders(record.settings)
        sealed = self._sealing.seal_settings(record.id, plain or record.settings) or plain
        if sealed is None and record.external_id and record.created_at and record.updated_at:
            return None
        now = self._clock()
        return structs.replace(
            record,
            settings=sealed or record.settings,
            external_id=record.external_id or new_external_id(),
            created_at=record.created_at or now,
            updated_at=now,
        )


def clinic_not_found(clinic_id: str) -> NotFoundError:
    """Return the error for a clinic that has no row."""
    return NotFoundError(
        f"There is no clinic {clinic_id!r}.",
        code="clinic_not_found",
        hint="Save its configuration first: PUT .../communication/ses or .../communication/config makes it.",
    )


def new_external_id() -> str:
    """Return a fresh external id: with it AWS knows that a role is assumed for this clinic and no other.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """
    return uuid.uuid4().hex


def etag_of(record: ClinicRecord) -> str:
    """Return the ETag of what is stored: by content, so that direct updates change it as well."""
    content = json.dumps([record.settings, record.external_id], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()[:32]
