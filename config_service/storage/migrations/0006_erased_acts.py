"""Blanks the address of an act on a person who was erased, as 0004 does in the tables that it knew."""

from typing import Any

from peewee import SqliteDatabase

_MARKED = (
    "SELECT 1 FROM erased_addresses WHERE address_hash = NEW.address_hash"
    " AND scope IN ('', COALESCE(NEW.clinic_id, ''))"
)
_SQLITE = (
    f"""CREATE TRIGGER suppression_acts_inserted_blank AFTER INSERT ON suppression_acts
    WHEN NEW.address_sealed IS NOT NULL AND EXISTS ({_MARKED}) BEGIN
    UPDATE suppression_acts SET address_sealed = NULL WHERE id = NEW.id; END""",
)
_POSTGRESQL = (
    f"""CREATE FUNCTION suppression_acts_blank_erased() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF EXISTS ({_MARKED}) THEN NEW.address_sealed = NULL; END IF;
        RETURN NEW;
    END $body$""",
    """CREATE TRIGGER suppression_acts_blank BEFORE INSERT ON suppression_acts
    FOR EACH ROW EXECUTE FUNCTION suppression_acts_blank_erased()""",
)


def up(_: Any, db: Any) -> None:
    """Create the trigger."""
    for statement in _SQLITE if isinstance(db, SqliteDatabase) else _POSTGRESQL:
        db.execute_sql(statement)
