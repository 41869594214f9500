"""Keeps the addresses of erased people out, and the audit trail as it was written.

`erased_addresses` holds the hashes of addresses that were erased for one clinic (`scope` is its id) or for
all (`scope` is empty). Triggers blank the sealed address of every row that comes in for one of them,
whichever way it comes, and without a query of its own where events are recorded.
"""

from typing import Any

from peewee import SqliteDatabase

# Table, column of the hash, the row's scope, and what is blanked.
_BLANKED = (
    ("suppressions", "address_hash", "COALESCE(NEW.clinic_id, '')", ("address_sealed",)),
    ("events", "recipient_hash", "COALESCE(NEW.clinic_id, '')", ("recipient_sealed", "detail_sealed")),
    ("held_events", "recipient_hash", "''", ("recipient_sealed", "detail_sealed")),
    ("test_sends", "recipient_hash", "NEW.clinic_id", ("recipient_sealed",)),
)
_TABLES = (
    """CREATE TABLE erased_addresses (
        address_hash TEXT NOT NULL, scope TEXT NOT NULL, at BIGINT NOT NULL,
        PRIMARY KEY (address_hash, scope))""",
    # The events that `events_recipient` leaves out, so that erasing need not read them all.
    "CREATE INDEX events_uneventful ON events (recipient_hash) WHERE effect = ''",
    "CREATE INDEX audit_at ON audit (at, id)",
)
_REFUSAL = "rows of the audit trail are neither changed nor removed"


def _marked(name: str, scope: str) -> str:
    return f"SELECT 1 FROM erased_addresses WHERE address_hash = NEW.{name} AND scope IN ('', {scope})"


def _sqlite() -> list[str]:
    statements = []
    for table, name, scope, columns in _BLANKED:
        blank = ", ".join(f"{column} = NULL" for column in columns)
        moments = {"inserted": "INSERT"} | (
            {"changed": "UPDATE OF address_sealed"} if table == "suppressions" else {}
        )
        for word, moment in moments.items():
            statements.append(f"""CREATE TRIGGER {table}_{word}_blank AFTER {moment} ON {table}
                WHEN NEW.{columns[0]} IS NOT NULL AND EXISTS ({_marked(name, scope)}) BEGIN
                UPDATE {table} SET {blank} WHERE id = NEW.id; END""")
    # The third: INSERT OR REPLACE removes the row in its way without any trigger on DELETE.
    for word, moment in (
        ("unchanged", "UPDATE ON audit"),
        ("kept", "DELETE ON audit"),
        ("not_replaced", "INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)"),
    ):
        statements.append(
            f"CREATE TRIGGER audit_{word} BEFORE {moment} BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
    return statements


def _postgresql() -> list[str]:
    statements = []
    for table, name, scope, columns in _BLANKED:
        blank = " ".join(f"NEW.{column} = NULL;" for column in columns)
        moment = "INSERT OR UPDATE OF address_sealed" if table == "suppressions" else "INSERT"
        statements += [
            f"""CREATE FUNCTION {table}_blank_erased() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                IF EXISTS ({_marked(name, scope)}) THEN {blank} END IF;
                RETURN NEW;
            END $body$""",
            f"""CREATE TRIGGER {table}_blank BEFORE {moment} ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_blank_erased()""",
        ]
    return [
        *statements,
        f"""CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'insufficient_privilege'; END $body$""",
        """CREATE TRIGGER audit_unchanged BEFORE UPDATE OR DELETE ON audit
        FOR EACH ROW EXECUTE FUNCTION audit_refuse_change()""",
        """CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change()""",
    ]


def up(_: Any, db: Any) -> None:
    """Create the table, the indexes and the triggers."""
    sqlite = isinstance(db, SqliteDatabase)
    for statement in (*_TABLES, *(_sqlite() if sqlite else _postgresql())):
        db.execute_sql(statement)
