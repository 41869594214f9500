"""The tables and their indexes, frozen as they were first shipped."""

from typing import Any

from peewee import SqliteDatabase

SKELETON = '{"communicationSettings":{"email":{},"whatsapp":{},"sms":{}}}'

_FEEDBACK = """
    id {id}, sns_message_id TEXT NOT NULL, topic_arn TEXT NOT NULL, kind TEXT NOT NULL,
    at BIGINT NOT NULL, received_at BIGINT NOT NULL, source TEXT, mail_message_id TEXT, clinic_tag TEXT,
    recipient_hash TEXT NOT NULL DEFAULT '', recipient_sealed TEXT, bounce_type TEXT, sub_type TEXT,
    status TEXT, detail_sealed TEXT, rule TEXT NOT NULL"""

_STATEMENTS = (
    f"""CREATE TABLE clinics (
        id TEXT NOT NULL PRIMARY KEY, name TEXT, settings {{json}} NOT NULL DEFAULT '{SKELETON}',
        external_id TEXT UNIQUE, created_at BIGINT, updated_at BIGINT)""",
    """CREATE TABLE clinic_identities (
        clinic_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, domain TEXT,
        PRIMARY KEY (clinic_id, kind, value))""",
    "CREATE INDEX clinic_identities_value ON clinic_identities (value, kind)",
    "CREATE INDEX clinic_identities_domain ON clinic_identities (domain)",
    """CREATE TABLE unproven_sources (
        clinic_id TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (clinic_id, address))""",
    f"""CREATE TABLE events ({_FEEDBACK}, clinic_id TEXT, effect TEXT NOT NULL DEFAULT '', identity TEXT)""",
    "CREATE UNIQUE INDEX events_message ON events (sns_message_id, recipient_hash, kind)",
    """CREATE UNIQUE INDEX events_identity
        ON events (mail_message_id, recipient_hash, identity, COALESCE(clinic_id, ''))
        WHERE identity IS NOT NULL AND mail_message_id IS NOT NULL""",
    "CREATE INDEX events_recipient ON events (recipient_hash, effect, at) WHERE effect <> ''",
    "CREATE INDEX events_clinic ON events (clinic_id, at, id)",
    f"CREATE TABLE held_events ({_FEEDBACK}, raw_sealed TEXT)",
    "CREATE UNIQUE INDEX held_events_message ON held_events (sns_message_id, recipient_hash, kind)",
    "CREATE INDEX held_events_source ON held_events (source)",
    "CREATE INDEX held_events_mail ON held_events (mail_message_id)",
    """CREATE TABLE suppressions (
        id TEXT NOT NULL PRIMARY KEY, clinic_id TEXT, address_hash TEXT NOT NULL, address_sealed TEXT,
        reason TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT)""",
    # COALESCE: NULLs are distinct in a unique index, and the platform's own entries have no clinic.
    "CREATE UNIQUE INDEX suppressions_address ON suppressions (address_hash, COALESCE(clinic_id, ''))",
    "CREATE INDEX suppressions_clinic ON suppressions (clinic_id, since, id)",
    """CREATE TABLE suppression_acts (
        id {id}, clinic_id TEXT, address_hash TEXT NOT NULL, action TEXT NOT NULL, reason TEXT,
        at BIGINT NOT NULL, actor TEXT NOT NULL, note_sealed TEXT, consent BOOLEAN NOT NULL DEFAULT FALSE)""",
    "CREATE INDEX suppression_acts_address ON suppression_acts (address_hash)",
    "CREATE TABLE deliveries_seen (scope TEXT NOT NULL PRIMARY KEY, day INTEGER NOT NULL)",
    """CREATE TABLE test_sends (
        id TEXT NOT NULL PRIMARY KEY, clinic_id TEXT NOT NULL, provider TEXT NOT NULL, account TEXT NOT NULL,
        source TEXT NOT NULL, recipient_hash TEXT NOT NULL, recipient_sealed TEXT, message_id TEXT,
        state TEXT NOT NULL, code TEXT, created_at BIGINT NOT NULL, actor TEXT NOT NULL)""",
    "CREATE INDEX test_sends_message ON test_sends (message_id)",
    """CREATE TABLE audit (
        id {id}, at BIGINT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, request_id TEXT NOT NULL,
        clinic_id TEXT, action TEXT NOT NULL, fields {json} NOT NULL)""",
    "CREATE INDEX audit_clinic ON audit (clinic_id, at)",
    "CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, until BIGINT NOT NULL)",
)


def up(_: Any, db: Any) -> None:
    """Create everything."""
    sqlite = isinstance(db, SqliteDatabase)
    types = {
        "id": "INTEGER PRIMARY KEY AUTOINCREMENT" if sqlite else "BIGSERIAL PRIMARY KEY",
        "json": "JSONB",
    }
    for statement in _STATEMENTS:
        filled = statement.replace("{id}", types["id"]).replace("{json}", types["json"])
        db.execute_sql(filled)
