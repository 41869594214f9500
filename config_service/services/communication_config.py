"""A clinic's communication configuration: read, saved, and kept sealed whoever wrote it."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from config_service.clock import Clock, to_datetime
from config_service.errors import NotFoundError, PreconditionFailedError
from config_service.services.audit_trail import AuditTrail
from config_service.services.channel_changes import changed_fields
from config_service.services.channel_merge import ChannelMerge
from config_service.services.channels import CHANNELS, EMAIL, ChannelSettings, read_channel, with_channels
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.ownership import Claims, Ownership, Warning_, claims_of
from config_service.services.principal import CLINIC_ADMIN, SERVICE, Principal
from config_service.storage.records import ClinicRecord
from config_service.storage.repositories import Repositories

ChannelDocument = Mapping[str, Any] | None


class _Keep:
    """Stands for a channel that a save leaves as it is."""


KEEP = _Keep()


@dataclass(frozen=True, slots=True)
class ClinicConfig:
    """A clinic's configuration as people may see it: secrets are masked."""

    clinic_id: str
    email: dict[str, Any]
    whatsapp: dict[str, Any]
    sms: dict[str, Any]
    external_id: str
    created_at: datetime
    updated_at: datetime
    etag: str
    warnings: list[Warning_] = field(default_factory=list)


class CommunicationConfigService:
    """Reads and saves configurations; in the same process it is used just as the API uses it."""

    def __init__(
        self,
        repositories: Repositories,
        sealing: CredentialSealing,
        ownership: Ownership,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        """Take what it works with; nobody listens to saves yet."""
        self._repositories = repositories
        self._sealing = sealing
        self._merge = ChannelMerge(sealing)
        self._ownership = ownership
        self._audit = audit
        self._clock = clock
        self._listeners: list[Callable[[str], object]] = []

    def when_saved(self, listener: Callable[[str], object]) -> None:
        """Have `listener(clinic_id)` called after each committed save."""
        self._listeners.append(listener)

    def get_clinic_config(self, clinic_id: str) -> ClinicConfig:
        """Return the clinic's configuration; raise NotFoundError where it has no row.

        Credentials that a direct update left in the clear are sealed on the way.
        """
        return self._view(self.stored(clinic_id))

    def save_clinic_config(
        self,
        *,
        clinic_id: str,
        actor: Principal | str,
        email: ChannelDocument | _Keep = KEEP,
        whatsapp: ChannelDocument | _Keep = KEEP,
        sms: ChannelDocument | _Keep = KEEP,
        if_match: Callable[[str], bool] | None = None,
    ) -> ClinicConfig:
        """Replace the given channels (None empties one), making the clinic's row if it is new.

        A channel is `{"primary", "fallback"}` and, for email, `"defaultFrom"`, `"defaultFromName"`, as in
        the API. `if_match` is asked about the stored ETag. Raise InvalidError, ConflictError or
        PreconditionFailedError.
        """
        given = {"email": email, "whatsapp": whatsapp, "sms": sms}
        return self._save(
            clinic_id,
            actor,
            lambda record: {
                channel: self._merge.channel(
                    clinic_id, channel, document or {}, read_channel(record.settings, channel)
                )
                for channel, document in given.items()
                if not isinstance(document, _Keep)
            },
            if_match,
        )

    def save_ses(
        self,
        *,
        clinic_id: str,
        actor: Principal | str,
        credentials: Mapping[str, Any],
        enabled: bool = True,
        if_match: Callable[[str], bool] | None = None,
    ) -> ClinicConfig:
        """Make SES with `credentials` the clinic's primary for email; the rest of it stays."""
        return self._save(
            clinic_id,
            actor,
            lambda record: {
                EMAIL: self._merge.ses_first(
                    clinic_id, credentials, enabled=enabled, stored=read_channel(record.settings, EMAIL)
                )
            },
            if_match,
        )

    def stored(self, clinic_id: str) -> ClinicRecord:
        """Return the clinic's row, complete and sealed; raise NotFoundError where there is none."""
        record = self._repositories.clinics.get(clinic_id)
        if record is None:
            raise clinic_not_found(clinic_id)
        return self._complete(record) or record

    def seal_direct_updates(self) -> int:
        """Complete and seal every row that was written past this service, and return how many."""
        return sum(self._complete(record) is not None for record in self._repositories.clinics.every())

    def reseal(self) -> Iterator[str]:
        """Bring every stored secret under the current key, one clinic a transaction; yield the ids changed."""
        for record in self._repositories.clinics.every():
            with self._repositories.database.transaction():
                current = self._repositories.clinics.get_for_update(record.id)
                settings = self._sealing.reseal_settings(record.id, current.settings) if current else None
                if current and settings:
                    self._repositories.clinics.save(replace(current, settings=settings))
                    yield record.id
        self._repositories.database.truncate_log()

    def _complete(self, seen: ClinicRecord) -> ClinicRecord | None:
        """Return the row completed and sealed, or None where `seen` already is."""
        if self._completed(seen) is None:
            return None
        with self._repositories.database.transaction():
            # Read again under the lock: what was written since must not be lost.
            current = self._repositories.clinics.get_for_update(seen.id)
            completed = self._completed(current) if current else None
            if completed is not None:
                self._repositories.clinics.save(completed)
        self._repositories.database.truncate_log()
        return completed or current

    def _completed(self, record: ClinicRecord) -> ClinicRecord | None:
        sealed = self._sealing.seal_settings(record.id, record.settings)
        if sealed is None and record.external_id and record.created_at and record.updated_at:
            return None
        now = self._clock()
        return replace(
            record,
            settings=sealed or record.settings,
            external_id=record.external_id or new_external_id(),
            created_at=record.created_at or now,
            updated_at=now,
        )

    def _save(
        self,
        clinic_id: str,
        actor: Principal | str,
        change: Callable[[ClinicRecord], dict[str, ChannelSettings]],
        if_match: Callable[[str], bool] | None,
    ) -> ClinicConfig:
        who = actor if isinstance(actor, Principal) else Principal(actor, SERVICE)
        clinics = self._repositories.clinics
        with self._repositories.database.transaction():
            clinics.lock_ownership()
            stored = clinics.get_for_update(clinic_id)
            if if_match is not None and not (stored and if_match(etag_of(stored))):
                raise PreconditionFailedError("The configuration was changed since it was read.")
            before = self._completed(stored or ClinicRecord(clinic_id, {})) or stored
            assert before is not None
            after = replace(
                before, settings=with_channels(before.settings, change(before)), updated_at=self._clock()
            )
            warnings = self._claim(before, after, who)
            clinics.save(after)
            fields = changed_fields(before.settings, after.settings)
            self._audit.write(who, "communication_config.saved", clinic_id, fields)
        self._repositories.database.truncate_log()
        for listener in self._listeners:
            listener(clinic_id)
        return replace(self._view(after), warnings=warnings)

    def _claim(self, before: ClinicRecord, after: ClinicRecord, actor: Principal) -> list[Warning_]:
        old, new = (claims_of(read_channel(record.settings, EMAIL)) for record in (before, after))
        warnings = self._ownership.check(after.id, old, new, actor)
        self._remember_proof(after.id, old, new, actor)
        return warnings

    def _remember_proof(self, clinic_id: str, old: Claims, new: Claims, actor: Principal) -> None:
        if actor.role == CLINIC_ADMIN:
            self._repositories.clinics.mark_unproven(clinic_id, new.addresses - old.addresses)
        else:
            self._repositories.clinics.mark_proven(clinic_id, new.addresses)

    def _view(self, record: ClinicRecord) -> ClinicConfig:
        channels = {name: self._masked(record, name).document(name) for name in CHANNELS}
        assert record.external_id is not None
        return ClinicConfig(
            clinic_id=record.id,
            email=channels["email"],
            whatsapp=channels["whatsapp"],
            sms=channels["sms"],
            external_id=record.external_id,
            created_at=to_datetime(record.created_at or 0),
            updated_at=to_datetime(record.updated_at or 0),
            etag=etag_of(record),
        )

    def _masked(self, record: ClinicRecord, channel: str) -> ChannelSettings:
        found = read_channel(record.settings, channel)
        entries = [
            replace(entry, credentials=self._sealing.masked(record.id, channel, entry))
            for entry in found.entries()
        ]
        primary = entries.pop(0) if found.primary else None
        return replace(found, primary=primary, fallback=tuple(entries))


def clinic_not_found(clinic_id: str) -> NotFoundError:
    """Return the error for a clinic that has no row."""
    return NotFoundError(
        f"There is no clinic {clinic_id!r}.",
        code="clinic_not_found",
        hint="Save its configuration first: PUT .../communication/ses or PUT .../communication/config makes it.",
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
