"""Triggers that keep `clinic_identities` equal to the addresses, topics and roles in each clinic's settings.

They are the index over the stored JSON: a fallback list and a display name put it out of reach of a
plain expression index, and a trigger sees the platform's direct updates as well. They also give every
row the empty skeleton, so that `jsonb_set` and `json_set` find the parents that they do not make.

An address is what stands behind the last `<` of a text that ends in `>`, else the whole text: the same that
Python reads there. What Python saves holds neither a name nor quotes.
"""

from typing import Any

from peewee import SqliteDatabase

_EMAIL = "$.communicationSettings.email"


def _sqlite_values(name: str) -> str:
    primary = f"{_EMAIL}.primary.credentials.{name}"
    return f"""
        SELECT json_extract(NEW.settings, '{primary}') AS raw
        UNION SELECT json_extract(entry.value, '$.credentials.{name}')
        FROM json_each(NEW.settings, '{_EMAIL}.fallback') AS entry WHERE entry.type = 'object'"""


# rtrim(raw, <all of raw's characters but '<'>) is the text up to its last '<'.
_SQLITE_INDEX = f"""
    DELETE FROM clinic_identities WHERE clinic_id = NEW.id;
    INSERT OR IGNORE INTO clinic_identities (clinic_id, kind, value, domain)
    SELECT NEW.id, 'address', address, substr(address, instr(address, '@') + 1) FROM (
        SELECT lower(trim(CASE WHEN trim(raw) LIKE '%<%>'
            THEN rtrim(substr(trim(raw), length(rtrim(trim(raw), replace(trim(raw), '<', ''))) + 1), '>')
            ELSE raw END)) AS address
        FROM (SELECT json_extract(NEW.settings, '{_EMAIL}.defaultFrom') AS raw
              UNION {_sqlite_values("fromEmail")}))
    WHERE address LIKE '_%@_%';
    INSERT OR IGNORE INTO clinic_identities (clinic_id, kind, value)
    SELECT NEW.id, 'topic', trim(raw) FROM ({_sqlite_values("snsTopicArn")}) WHERE raw LIKE 'arn:%'
    UNION SELECT NEW.id, 'role', trim(raw) FROM ({_sqlite_values("roleArn")}) WHERE raw LIKE 'arn:%';"""


def _sqlite_parent(path: str, row: str) -> str:
    return f"""
    UPDATE clinics SET settings = json_set(settings, '{path}', json('{{}}'))
    WHERE {row} AND json_type(settings, '{path}') IS NOT 'object';"""


def _sqlite_skeleton(row: str) -> str:
    root = "$.communicationSettings"
    parents = "".join(
        _sqlite_parent(path, row)
        for path in (root, *(f"{root}.{channel}" for channel in ("email", "whatsapp", "sms")))
    )
    return (
        f"UPDATE clinics SET settings = '{{}}' WHERE {row} AND json_type(settings) IS NOT 'object'; {parents}"
    )


_SQLITE = (
    f"""CREATE TRIGGER clinics_inserted AFTER INSERT ON clinics BEGIN
        {_SQLITE_INDEX} {_sqlite_skeleton("id = NEW.id")} END""",
    f"CREATE TRIGGER clinics_updated AFTER UPDATE OF settings ON clinics BEGIN {_SQLITE_INDEX} END",
    """CREATE TRIGGER clinics_deleted AFTER DELETE ON clinics BEGIN
        DELETE FROM clinic_identities WHERE clinic_id = OLD.id; END""",
)


def _postgresql_values(name: str) -> str:
    return f"""
        SELECT NEW.settings #>> '{{communicationSettings,email,primary,credentials,{name}}}' AS raw
        UNION SELECT jsonb_path_query(NEW.settings, '{_EMAIL}.fallback[*].credentials.{name}') #>> '{{}}'"""


_POSTGRESQL = (
    """CREATE FUNCTION clinics_fill_skeleton() RETURNS trigger LANGUAGE plpgsql AS $body$
    DECLARE channel text;
    BEGIN
        IF jsonb_typeof(NEW.settings) IS DISTINCT FROM 'object' THEN NEW.settings = '{}'; END IF;
        IF jsonb_typeof(NEW.settings -> 'communicationSettings') IS DISTINCT FROM 'object' THEN
            NEW.settings = jsonb_set(NEW.settings, '{communicationSettings}', '{}');
        END IF;
        FOREACH channel IN ARRAY ARRAY['email', 'whatsapp', 'sms'] LOOP
            IF jsonb_typeof(NEW.settings #> ARRAY['communicationSettings', channel])
                IS DISTINCT FROM 'object' THEN
                NEW.settings = jsonb_set(NEW.settings, ARRAY['communicationSettings', channel], '{}');
            END IF;
        END LOOP;
        RETURN NEW;
    END $body$""",
    f"""CREATE FUNCTION clinics_index_identities() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        DELETE FROM clinic_identities WHERE clinic_id = OLD.id;
        IF TG_OP = 'DELETE' THEN RETURN NULL; END IF;
        INSERT INTO clinic_identities (clinic_id, kind, value, domain)
        SELECT NEW.id, 'address', address, substr(address, strpos(address, '@') + 1) FROM (
            SELECT lower(btrim(COALESCE(substring(btrim(raw) FROM '<([^<>]*)>$'), raw))) AS address FROM (
                SELECT NEW.settings #>> '{{communicationSettings,email,defaultFrom}}' AS raw
                UNION {_postgresql_values("fromEmail")}) AS found) AS a
        WHERE address LIKE '_%@_%' ON CONFLICT DO NOTHING;
        INSERT INTO clinic_identities (clinic_id, kind, value)
        SELECT NEW.id, 'topic', btrim(raw) FROM ({_postgresql_values("snsTopicArn")}) AS t
        WHERE raw LIKE 'arn:%'
        UNION SELECT NEW.id, 'role', btrim(raw) FROM ({_postgresql_values("roleArn")}) AS r
        WHERE raw LIKE 'arn:%'
        ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $body$""",
    """CREATE TRIGGER clinics_skeleton BEFORE INSERT ON clinics
        FOR EACH ROW EXECUTE FUNCTION clinics_fill_skeleton()""",
    """CREATE TRIGGER clinics_identities AFTER INSERT OR UPDATE OF settings OR DELETE ON clinics
        FOR EACH ROW EXECUTE FUNCTION clinics_index_identities()""",
)
_FILL_ROWS = """
    UPDATE clinics SET settings = '{"communicationSettings":{}}'::jsonb || settings || jsonb_build_object(
        'communicationSettings', '{"email":{},"whatsapp":{},"sms":{}}'::jsonb
        || COALESCE(settings -> 'communicationSettings', '{}'))"""


def up(_: Any, db: Any) -> None:
    """Create the triggers and run them once over the rows that are there already."""
    if isinstance(db, SqliteDatabase):
        for statement in (*_SQLITE, *_sqlite_skeleton("TRUE").split(";")):
            if statement.strip():
                db.execute_sql(statement)
        db.execute_sql("UPDATE clinics SET settings = settings")
        return
    for statement in (*_POSTGRESQL, _FILL_ROWS):
        db.execute_sql(statement.replace("%", "%%"), ())
