"""One test's database is never another's to see, though it is used again."""

from urllib.parse import urlsplit

import psycopg
import pytest
from postgres_databases import PostgresDatabases

AUDIT = (
    "INSERT INTO audit (at, actor, role, request_id, action, fields)"
    " VALUES (1, 'a', 'r', 'q', 'x', '{}') RETURNING id"
)
HARMS = {
    "a table more": "CREATE TABLE more (id INTEGER)",
    "a table less": "DROP TABLE test_sends",
    "a column more": "ALTER TABLE events ADD COLUMN more TEXT",
    "an index less": "DROP INDEX events_clinic",
    "a trigger off": "ALTER TABLE clinics DISABLE TRIGGER ALL",
    "a right more": "GRANT SELECT ON audit TO PUBLIC",
    "a constraint more": "ALTER TABLE events ADD CONSTRAINT more CHECK (at >= 0)",
}


def _run(url: str, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_database_comes_back_without_rows_and_counts_from_one(
    postgres_databases: PostgresDatabases,
) -> None:
    with postgres_databases.one() as first:
        ids = _run(first, "INSERT INTO clinics (id) VALUES ('c1')", AUDIT)
    with postgres_databases.one() as second:
        assert second == first
        assert _run(second, "SELECT 1 FROM clinics UNION ALL SELECT 1 FROM audit") == []
        assert _run(second, AUDIT) == ids == [(1,)]


def test_who_is_still_connected_is_thrown_out(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.one() as url:
        left_open = psycopg.connect(url)
        left_open.execute("LOCK TABLE clinics")
    with postgres_databases.one() as again:
        assert again == url
        _run(again, "INSERT INTO clinics (id) VALUES ('c1')")
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    left_open.close()


def test_two_at_once_are_two(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.one() as one, postgres_databases.one() as other:
        assert one != other


@pytest.mark.parametrize("statement", HARMS.values(), ids=HARMS.keys())
def test_a_database_whose_tables_were_changed_is_not_used_again(
    postgres_databases: PostgresDatabases, statement: str
) -> None:
    with postgres_databases.one() as harmed:
        _run(harmed, statement)
    with postgres_databases.one() as next_one:
        assert next_one != harmed


def test_a_database_that_was_taken_away_is_not_used_again(postgres_databases: PostgresDatabases) -> None:
    with postgres_databases.one() as taken:
        name = urlsplit(taken).path.removeprefix("/")
        server = taken.replace(f"/{name}?", "/postgres?")
        _run(server, f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    with postgres_databases.one() as next_one:
        assert next_one != taken
