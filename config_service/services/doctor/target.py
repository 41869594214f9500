"""Who is examined: a clinic with the SES account that it sends by, or the platform's own account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from config_service.encryption import SealedValueError
from config_service.errors import field_errors
from config_service.services.channels import EMAIL, read_channel
from config_service.services.credential_sealing import CredentialSealing, sealed_secrets
from config_service.services.provider_credentials import PROVIDERS, check_complete
from config_service.services.sending_order import has_own_account
from config_service.services.ses_entries import SES, TOPIC, ses_entry
from config_service.storage.records import ClinicRecord
from shared.addresses import normalise
from shared.sns import TOPIC_ARN


@dataclass(frozen=True, slots=True)
class Target:
    """What the settings say; `credentials` are opened, and empty where they do not open.

    `faults` are the settings' own, by field; `unopened` says why a secret does not open.
    """

    clinic_id: str | None
    enabled: bool = True
    has_ses: bool = True
    other_provider: str | None = None
    own_account: bool = False
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    region: str | None = None
    sender: str | None = None
    topic_arn: str | None = None
    configuration_set: str | None = None
    external_id: str = ""
    faults: Mapping[str, Any] = field(default_factory=dict)
    unopened: str = ""
    sealed_values: tuple[str, ...] = ()

    @property
    def access_key_id(self) -> str | None:
        """The key that is stored for it, if it is one."""
        return self.credentials.get("accessKeyId")


def read_target(record: ClinicRecord, sealing: CredentialSealing) -> Target:
    """Return what is to be examined about a clinic; nothing in its settings is an error here."""
    email = read_channel(record.settings, EMAIL)
    entry = ses_entry(email)
    sealed = tuple(sealed_secrets(record.settings))
    if entry is None:
        others = [each.provider for each in email.in_order()]
        other = others[0] if others else None
        return Target(record.id, has_ses=False, other_provider=other, sealed_values=sealed)
    try:
        opened, unopened = sealing.open(record.id, EMAIL, entry), ""
    except SealedValueError as error:
        opened, unopened = {}, f"{error.message} {error.hint}"
    plain = entry.credentials
    return Target(
        clinic_id=record.id,
        enabled=entry.enabled,
        own_account=has_own_account(entry),
        credentials=opened,
        region=_text(plain.get("region")),
        sender=normalise(plain.get("fromEmail") or email.default_from),
        topic_arn=_topic(plain.get(TOPIC)),
        configuration_set=_text(plain.get("configurationSetName")),
        external_id=record.external_id or "",
        faults=_faults(opened) if opened else {},
        unopened=unopened,
        sealed_values=sealed,
    )


def platform_target(region: str | None, sender: str | None, access_key_id: str | None) -> Target:
    """Return the platform's own account as something to examine."""
    key = {"accessKeyId": access_key_id} if access_key_id else {}
    return Target(None, region=region, sender=normalise(sender), credentials=key)


def _faults(opened: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the API would refuse of these credentials: a direct update may have written anything."""
    schema = PROVIDERS[EMAIL][SES].schema
    try:
        check_complete(SES, schema().load(dict(opened)))
    except ValidationError as error:
        return field_errors(error)
    return {}


def _topic(value: object) -> str | None:
    return value if isinstance(value, str) and TOPIC_ARN.fullmatch(value) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
