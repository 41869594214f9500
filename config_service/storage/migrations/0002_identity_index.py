"""Triggers that keep `clinic_identities` equal to the addresses and topics in each clinic's settings.

They are the index over the stored JSON: a fallback list and a display name put it out of reach of a
plain expression index, and a trigger sees the platform's direct updates as well. They also give every
row the empty skeleton, so that `jsonb_set` and `json_set` find the parents that they do not make.
"""

from typing import Any

SKELETON = '{"communicationSettings":{"email":{},"whatsapp":{},"sms":{}}}'

_SQLITE_INDEX = """
    DELETE FROM clinic_identities WHERE clinic_id = NEW.id;
    INSERT OR IGNORE INTO clinic_identities (clinic_id, kind, value, domain)
    SELECT NEW.id, 'address', address, substr(address, instr(address, '@') + 1) FROM (
        SELECT lower(trim(CASE WHEN raw LIKE '%<%>%'
            THEN substr(raw, instr(raw, '<') + 1, instr(raw, '>') - instr(raw, '<') - 1)
            ELSE raw END)) AS address
        FROM (
            SELECT json_extract(NEW.settings, '$.communicationSettings.email.defaultFrom') AS raw
            UNION SELECT json_extract(
                NEW.settings, '$.communicationSettings.email.primary.credentials.fromEmail')
            UNION SELECT json_extract(entry.value, '$.credentials.fromEmail')
            FROM json_each(NEW.settings, '$.communicationSettings.email.fallback') AS entry
            WHERE entry.type = 'object'))
    WHERE address LIKE '_%@_%';
    INSERT OR IGNORE INTO clinic_identities (clinic_id, kind, value)
    SELECT NEW.id, 'topic', trim(raw) FROM (
        SELECT json_extract(
            NEW.settings, '$.communicationSettings.email.primary.credentials.snsTopicArn') AS raw
        UNION SELECT json_extract(entry.value, '$.credentials.snsTopicArn')
        FROM json_each(NEW.settings, '$.communicationSettings.email.fallback') AS entry
        WHERE entry.type = 'object')
    WHERE raw LIKE 'arn:%';"""

# The inner json_patch drops keys that are null: the outer one would take them for a wish to delete.
_SQLITE_SKELETON = f"""
    UPDATE clinics SET settings = json_patch('{SKELETON}', json_patch('{{}}', NEW.settings))
    WHERE id = NEW.id AND (
        json_type(NEW.settings, '$.communicationSettings.email') IS NOT 'object'
        OR json_type(NEW.settings, '$.communicationSettings.whatsapp') IS NOT 'object'
        OR json_type(NEW.settings, '$.communicationSettings.sms') IS NOT 'object');"""

_SQLITE = (
    f"CREATE TRIGGER clinics_inserted AFTER INSERT ON clinics BEGIN {_SQLITE_INDEX} {_SQLITE_SKELETON} END",
    f"CREATE TRIGGER clinics_updated AFTER UPDATE OF settings ON clinics BEGIN {_SQLITE_INDEX} END",
    """CREATE TRIGGER clinics_deleted AFTER DELETE ON clinics BEGIN
        DELETE FROM clinic_identities WHERE clinic_id = OLD.id; END""",
)

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
    """CREATE FUNCTION clinics_index_identities() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        DELETE FROM clinic_identities WHERE clinic_id = OLD.id;
        IF TG_OP = 'DELETE' THEN RETURN NULL; END IF;
        INSERT INTO clinic_identities (clinic_id, kind, value, domain)
        SELECT NEW.id, 'address', address, substr(address, strpos(address, '@') + 1) FROM (
            SELECT lower(btrim(COALESCE(substring(raw FROM '<([^>]*)>'), raw))) AS address FROM (
                SELECT NEW.settings #>> '{communicationSettings,email,defaultFrom}' AS raw
                UNION SELECT NEW.settings #>> '{communicationSettings,email,primary,credentials,fromEmail}'
                UNION SELECT jsonb_path_query(NEW.settings,
                    '$.communicationSettings.email.fallback[*].credentials.fromEmail') #>> '{}') AS b) AS a
        WHERE address LIKE '_%@_%' ON CONFLICT DO NOTHING;
        INSERT INTO clinic_identities (clinic_id, kind, value)
        SELECT NEW.id, 'topic', btrim(raw) FROM (
            SELECT NEW.settings #>> '{communicationSettings,email,primary,credentials,snsTopicArn}' AS raw
            UNION SELECT jsonb_path_query(NEW.settings,
                '$.communicationSettings.email.fallback[*].credentials.snsTopicArn') #>> '{}') AS found
        WHERE raw LIKE 'arn:%' ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $body$""",
    """CREATE TRIGGER clinics_skeleton BEFORE INSERT ON clinics
        FOR EACH ROW EXECUTE FUNCTION clinics_fill_skeleton()""",
    """CREATE TRIGGER clinics_identities AFTER INSERT OR UPDATE OF settings OR DELETE ON clinics
        FOR EACH ROW EXECUTE FUNCTION clinics_index_identities()""",
)


def up(_: Any, db: Any) -> None:
    """Create the triggers and run them once over the rows that are there already."""
    sqlite = db.__class__.__name__ == "SqliteDatabase"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        db.execute_sql(statement.replace("%", "%%") if not sqlite else statement, None if sqlite else ())
    if sqlite:
        db.execute_sql(
            f"UPDATE clinics SET settings = json_patch('{SKELETON}', json_patch('{{}}', settings))"
        )
    else:
        db.execute_sql(
            f"UPDATE clinics SET settings = '{SKELETON}'::jsonb || settings || jsonb_build_object("
            f"'communicationSettings', ('{SKELETON}'::jsonb -> 'communicationSettings') "
            "|| COALESCE(settings -> 'communicationSettings', '{}'))"
        )
