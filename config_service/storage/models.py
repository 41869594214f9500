"""The tables. Times are milliseconds since 1970 in UTC; addresses are keyed hashes beside sealed values."""

import json
from typing import Any

import peewee as p

from config_service.storage.event_models import Event, HeldEvent


class JsonDocument(p.Field):
    """A JSON document: text on SQLite, JSONB on PostgreSQL."""

    field_type = "JSONB"

    def db_value(self, value: Any) -> str:
        """Return the document as text; PostgreSQL turns it into JSONB."""
        return json.dumps(value, separators=(",", ":"))

    def python_value(self, value: Any) -> Any:
        """Return the document, which psycopg has parsed already and sqlite3 has not."""
        return json.loads(value) if isinstance(value, str) else value


class JsonObject(JsonDocument):
    """A JSON object; what a direct update left in any other shape reads as an empty one."""

    def python_value(self, value: Any) -> dict[str, Any]:
        """Return the object."""
        try:
            document = super().python_value(value)
        except ValueError:  # a JSON text, which psycopg has parsed already
            return {}
        return document if isinstance(document, dict) else {}


class Clinic(p.Model):
    """A clinic; its communication configuration stands at `settings.communicationSettings`."""

    id = p.TextField(primary_key=True)
    name = p.TextField(null=True)
    settings = JsonObject()
    external_id = p.TextField(null=True, unique=True)
    created_at = p.BigIntegerField(null=True)
    updated_at = p.BigIntegerField(null=True)

    class Meta:
        table_name = "clinics"


class ClinicIdentity(p.Model):
    """An address or topic in a clinic's settings: an index over the JSON that triggers keep."""

    clinic_id = p.TextField()
    kind = p.TextField()  # address, topic
    value = p.TextField()
    domain = p.TextField(null=True)

    class Meta:
        table_name = "clinic_identities"
        primary_key = p.CompositeKey("clinic_id", "kind", "value")


class UnprovenSource(p.Model):
    """An address that a clinic's own administrator wrote down and nothing has proved yet."""

    clinic_id = p.TextField()
    address = p.TextField()

    class Meta:
        table_name = "unproven_sources"
        primary_key = p.CompositeKey("clinic_id", "address")


class Suppression(p.Model):
    """An address that is not mailed for a clinic or, where `clinic_id` is null, for anybody."""

    id = p.TextField(primary_key=True)
    clinic_id = p.TextField(null=True)
    address_hash = p.TextField()
    address_sealed = p.TextField(null=True)
    reason = p.TextField()
    since = p.BigIntegerField()
    until = p.BigIntegerField(null=True)

    class Meta:
        table_name = "suppressions"


class SuppressionAct(p.Model):
    """What a person did by hand: added an address, or removed it with a note."""

    id = p.BigAutoField()
    clinic_id = p.TextField(null=True)
    address_hash = p.TextField()
    action = p.TextField()  # add, remove
    reason = p.TextField(null=True)
    at = p.BigIntegerField()
    actor = p.TextField()
    note_sealed = p.TextField(null=True)
    consent = p.BooleanField(default=False)
    address_sealed = p.TextField(
        null=True
    )  # so that it can be hashed with another key once it is off the list

    class Meta:
        table_name = "suppression_acts"


class DeliverySeen(p.Model):
    """The latest day for which a clinic's Delivery events are known to reach us ("" for the platform)."""

    scope = p.TextField(primary_key=True)
    day = p.IntegerField()

    class Meta:
        table_name = "deliveries_seen"


class TestSend(p.Model):
    """A test email: asked for, then accepted or refused; its events say the rest."""

    id = p.TextField(primary_key=True)
    clinic_id = p.TextField()
    provider = p.TextField()
    account = p.TextField()  # clinic, platform
    source = p.TextField()
    recipient_hash = p.TextField()
    recipient_sealed = p.TextField(null=True)
    message_id = p.TextField(null=True, index=True)
    state = p.TextField()  # sending, accepted, refused
    code = p.TextField(null=True)
    accepted_at = p.BigIntegerField(null=True)
    created_at = p.BigIntegerField()
    actor = p.TextField()

    class Meta:
        table_name = "test_sends"


class ErasedAddress(p.Model):
    """The hash of an address that was erased for the clinic in `scope`, or for all where that is empty."""

    address_hash = p.TextField()
    scope = p.TextField()
    at = p.BigIntegerField()

    class Meta:
        table_name = "erased_addresses"
        primary_key = p.CompositeKey("address_hash", "scope")


class AuditRow(p.Model):
    """Who did what, when, to which clinic and which fields; never a secret's value."""

    id = p.BigAutoField()
    at = p.BigIntegerField()
    actor = p.TextField()
    role = p.TextField()
    request_id = p.TextField()
    clinic_id = p.TextField(null=True, index=True)
    action = p.TextField()
    fields = JsonDocument()

    class Meta:
        table_name = "audit"


class Lease(p.Model):
    """Which process may do a periodic job, and until when."""

    name = p.TextField(primary_key=True)
    until = p.BigIntegerField()

    class Meta:
        table_name = "leases"


MODELS: tuple[type[p.Model], ...] = (
    Clinic,
    ClinicIdentity,
    UnprovenSource,
    Event,
    HeldEvent,
    Suppression,
    SuppressionAct,
    DeliverySeen,
    TestSend,
    ErasedAddress,
    AuditRow,
    Lease,
)
