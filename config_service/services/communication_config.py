"""A clinic's communication configuration: read, saved, and kept sealed whoever wrote it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog
from msgspec import structs

from config_service.clock import Clock
from config_service.errors import PreconditionFailedError
from config_service.services.audit_trail import AuditTrail
from config_service.services.channel_changes import changed_fields
from config_service.services.channel_merge import ChannelMerge
from config_service.services.channels import EMAIL, ChannelSettings, read_channel, with_channels
from config_service.services.clinic_config_view import ClinicConfig, shown_config
from config_service.services.clinic_rows import ClinicRows, etag_of
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.ownership import Claims, Ownership, Warning_, claims_of
from config_service.services.principal import CLINIC_ADMIN, SERVICE, Principal
from config_service.services.sender_addresses import with_plain_senders
from config_service.services.ses_entries import with_topic
from config_service.storage.records import ClinicRecord
from config_service.storage.repositories import Repositories
from shared.errors import ServiceError

log = structlog.get_logger(__name__)

Change = Callable[[ClinicRecord], dict[str, ChannelSettings]]
IfMatch = Callable[[str], bool]
ChannelDocument = Mapping[str, Any] | None


class _Keep:
    """Stands for a channel that a save leaves as it is."""


KEEP = _Keep()


class CommunicationConfigService:
    """Reads and saves configurations; in the same process it is used just as the API uses it."""

    def __init__(
        self,
        repositories: Repositories,
        rows: ClinicRows,
        sealing: CredentialSealing,
        ownership: Ownership,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        """Take what it works with; nobody listens to saves yet."""
        self._repositories = repositories
        self._rows = rows
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
        return shown_config(self._rows.get(clinic_id), self._sealing)

    def save_clinic_config(
        self,
        *,
        clinic_id: str,
        actor: Principal | str,
        email: ChannelDocument | _Keep = KEEP,
        whatsapp: ChannelDocument | _Keep = KEEP,
        sms: ChannelDocument | _Keep = KEEP,
        if_match: IfMatch | None = None,
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
        if_match: IfMatch | None = None,
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

    def save_topic(
        self, *, clinic_id: str, actor: Principal | str, region: str, topic_arn: str | None
    ) -> ClinicConfig:
        """Have SES's feedback come by a topic of the clinic's own (None: by none); all else stays.

        Set on the clinic's SES accounts in `region`. The actor vouches for the topic alone, not for the
        clinic's addresses. Raise NotFoundError or ConflictError.
        """
        self._rows.get(clinic_id)
        return self._save(
            clinic_id,
            actor,
            lambda record: {EMAIL: with_topic(read_channel(record.settings, EMAIL), region, topic_arn)},
            vouching=False,
        )

    def _save(
        self,
        clinic_id: str,
        actor: Principal | str,
        change: Change,
        if_match: IfMatch | None = None,
        *,
        vouching: bool = True,
    ) -> ClinicConfig:
        who = actor if isinstance(actor, Principal) else Principal(actor, SERVICE)
        with self._repositories.database.transaction():
            stored = self._locked(clinic_id, if_match)
            before = self._rows.completed(stored) or stored
            changed = with_channels(before.settings, change(before))
            settings = with_plain_senders(changed) or changed
            after = structs.replace(before, settings=settings, updated_at=self._clock())
            warnings = self._claim(before, after, who, vouching=vouching)
            self._repositories.clinics.save(after)
            fields = changed_fields(before.settings, after.settings)
            self._audit.write(who, "communication_config.saved", clinic_id, fields)
        if before is not stored:
            self._rows.empty_log()
        self._tell(clinic_id)
        shown = shown_config(after, self._sealing, lenient=True)
        return replace(shown, warnings=[*warnings, *shown.warnings])

    def _tell(self, clinic_id: str) -> None:
        """Call the listeners. The save is done: what fails here must not say that it is not."""
        for listener in self._listeners:
            try:
                listener(clinic_id)
            except ServiceError as error:
                log.warning("a step after a save failed; the sweep repeats it", code=error.code)

    def _locked(self, clinic_id: str, if_match: IfMatch | None) -> ClinicRecord:
        """Return the row, or a new one, that nobody else changes before the transaction ends."""
        self._repositories.clinics.lock_ownership()
        stored = self._repositories.clinics.get_for_update(clinic_id)
        if if_match is not None and not (stored and if_match(etag_of(stored))):
            raise PreconditionFailedError("The configuration was changed since it was read.")
        return stored or ClinicRecord(clinic_id, {})

    def _claim(
        self, before: ClinicRecord, after: ClinicRecord, actor: Principal, *, vouching: bool
    ) -> list[Warning_]:
        old, new = (claims_of(read_channel(record.settings, EMAIL)) for record in (before, after))
        warnings = self._ownership.check(after.id, old, new, actor)
        if vouching:
            self._remember_proof(after.id, old, new, actor)
        return warnings

    def _remember_proof(self, clinic_id: str, old: Claims, new: Claims, actor: Principal) -> None:
        if actor.role == CLINIC_ADMIN:
            self._repositories.clinics.mark_unproven(
                clinic_id, (new.addresses - old.addresses) | (new.topics - old.topics)
            )
        else:
            self._repositories.clinics.mark_proven(clinic_id, new.addresses | new.topics)
