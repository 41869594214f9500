"""The platform updates clinics directly in the database: honoured at once, and sealed in place."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from core_kit import ROOT, SECRET, give_ses

from config_service.services.services import Services

PRIMARY = json.dumps(
    {
        "provider": "aws_ses",
        "enabled": True,
        "credentials": {
            "region": "us-east-1",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "secretAccessKey": SECRET,
            "fromEmail": "noreply@direct.example",
        },
    }
)
POSTGRESQL = """UPDATE clinics SET settings = jsonb_set(COALESCE(settings, '{}'::jsonb), '{communicationSettings,email,primary}', '%s'::jsonb) WHERE id = 'clinic-id-here';"""
SQLITE = """UPDATE clinics SET settings = json_set(COALESCE(settings, '{}'), '$.communicationSettings.email.primary', json('%s')) WHERE id = 'clinic-id-here';"""
SKELETON = {"communicationSettings": {"email": {}, "whatsapp": {}, "sms": {}}}

Sql = Callable[[str], None]


@pytest.fixture
def sql(database_url: str) -> Sql:
    """Return what runs one statement on a connection that is not the service's."""

    def run(statement: str) -> None:
        if database_url.startswith("sqlite:"):
            connection = sqlite3.connect(database_url.removeprefix("sqlite:///"))
            with connection:
                connection.execute(statement)
            connection.close()
        else:
            with psycopg.connect(database_url) as pg:
                pg.execute(statement.encode())

    return run


@pytest.fixture
def direct(database_url: str, sql: Sql) -> Callable[[str], None]:
    """Return what writes the email channel's primary as the guide says."""
    statement = SQLITE if database_url.startswith("sqlite:") else POSTGRESQL
    return lambda primary=PRIMARY: sql(statement.replace("%s", primary))


def stored(services: Services, clinic_id: str = "clinic-id-here") -> dict[str, Any]:
    record = services.repositories.clinics.get(clinic_id)
    assert record is not None
    return record.settings


def everywhere(database_url: str) -> bytes:
    """Return all that is stored, as whoever gets at the files or a dump reads it."""
    if database_url.startswith("sqlite:"):
        path = Path(database_url.removeprefix("sqlite:///"))
        return b"".join(found.read_bytes() for found in path.parent.glob(f"{path.name}*"))
    with psycopg.connect(database_url) as pg:
        return repr(pg.execute("SELECT id, settings::text FROM clinics").fetchall()).encode()


@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO clinics (id) VALUES ('clinic-id-here')",
        "INSERT INTO clinics (id, settings) VALUES ('clinic-id-here', '{}')",
    ],
)
@pytest.mark.parametrize("reader", ["read", "sweep"])
def test_the_guides_statement_is_honoured_and_its_secret_sealed_in_place(
    services: Services, sql: Sql, direct: Callable[..., None], database_url: str, row: str, reader: str
) -> None:
    sql(row)
    direct()
    assert SECRET.encode() in everywhere(database_url)
    if reader == "sweep":
        assert services.sweep.run()
    else:
        shown = services.configs.get_clinic_config("clinic-id-here").email["primary"]["credentials"]
        assert (shown["accessKeyId"], shown["secretAccessKey"]) == ("AKIA************MPLE", "********")
    found = everywhere(database_url)
    assert SECRET.encode() not in found
    assert SECRET.replace("/", "\\/").encode() not in found
    assert b"AKIAIOSFODNN7EXAMPLE" not in found
    opened = services.sending_order.effective_config("clinic-id-here", ROOT)["email"]["providers"][0]
    assert opened["credentials"]["secretAccessKey"] == SECRET


def test_an_update_over_a_saved_configuration_is_honoured_and_what_stands_beside_survives(
    services: Services, sql: Sql, direct: Callable[..., None]
) -> None:
    sql(
        """INSERT INTO clinics (id, name, settings) VALUES ('clinic-id-here', 'Praxis', '{"theme": {"dark": true}, "communicationSettings": {"email": {"note": 1}, "fax": {"a": [1]}}}')"""
    )
    give_ses(services, "clinic-id-here", fromEmail="noreply@old.example")
    direct()
    config = services.configs.get_clinic_config("clinic-id-here")
    assert config.email["primary"]["credentials"]["fromEmail"] == "noreply@direct.example"
    give_ses(services, "clinic-id-here", fromEmail="noreply@new.example")
    found = stored(services)
    assert found["theme"] == {"dark": True}
    assert found["communicationSettings"]["fax"] == {"a": [1]}
    record = services.repositories.clinics.get("clinic-id-here")
    assert record is not None
    assert record.name == "Praxis"
    assert services.configs.get_clinic_config("clinic-id-here").external_id == config.external_id


@pytest.mark.parametrize(
    ("document", "kept"),
    [
        (None, {}),
        ("{}", {}),
        ('{"theme": 1}', {"theme": 1}),
        ('{"communicationSettings": {"email": {"defaultFrom": "a@b.example"}}}', {}),
        ('{"communicationSettings": null, "x": [1, {"y": null}]}', {}),
        ('{"communicationSettings": {"email": null, "sms": null}}', {}),
    ],
)
def test_every_inserted_row_gets_the_skeleton(
    services: Services, sql: Sql, document: str | None, kept: dict[str, Any]
) -> None:
    columns, values = (
        ("id, settings", f"'clinic-id-here', '{document}'") if document else ("id", "'clinic-id-here'")
    )
    sql(f"INSERT INTO clinics ({columns}) VALUES ({values})")
    found = stored(services)
    channels = found["communicationSettings"]
    assert {name: type(channels[name]) for name in ("email", "whatsapp", "sms")} == dict.fromkeys(
        channels, dict
    )
    assert {name: found[name] for name in kept} == kept
    assert not document or "defaultFrom" not in document or channels["email"]["defaultFrom"] == "a@b.example"


MALFORMED = [
    '"a string"', "5", "[]", "null", "true", '{"provider": 5}', '{"provider": ["aws_ses"], "credentials": {"a": "b"}}',
    '{"provider": "aws_ses"}', '{"provider": "aws_ses", "credentials": "none"}', '{"provider": "aws_ses", "credentials": [1]}',
    '{"provider": "aws_ses", "credentials": {"secretAccessKey": 12345678, "accessKeyId": true, "region": 5}}',
    '{"provider": "aws_ses", "credentials": {"secretAccessKey": {"deep": "hush"}, "fromEmail": ["x"]}}',
    '{"provider": "carrier-pigeon", "credentials": {"token": "hush", "list": ["hush"]}}',
    '{"provider": "smtp", "credentials": {"password": null, "port": "x"}, "priority": "first", "enabled": "yes"}',
    '{"provider": "aws_ses", "credentials": {"secretAccessKey": "sealed:x:hush"}, "priority": true}',
]  # fmt: skip


@pytest.mark.parametrize("place", ["primary", "fallback"])
def test_malformed_entries_break_neither_reading_nor_sealing_nor_saving(
    services: Services, sql: Sql, place: str
) -> None:
    for number, primary in enumerate(MALFORMED):
        value = primary if place == "primary" else f"[{primary}, {primary}]"
        sql(
            f"""INSERT INTO clinics (id, settings) VALUES ('c{number}', '{{"communicationSettings": {{"email": {{"{place}": {value}}}}}}}')"""
        )
    assert services.sweep.run()
    for number, primary in enumerate(MALFORMED):
        if "sealed:x" not in primary:
            services.configs.get_clinic_config(f"c{number}")
            assert "hush" not in json.dumps(stored(services, f"c{number}"))
            saved = give_ses(services, f"c{number}", fromEmail=f"noreply@c{number}.example")
            assert saved.email["primary"]["provider"] == "aws_ses"


ODD_SHAPES = [
    '{"communicationSettings": {"email": {"fallback": {"an": "object"}}}}',
    '{"communicationSettings": {"email": {"fallback": "text", "primary": []}}}',
    '{"communicationSettings": {"email": [], "sms": 5, "whatsapp": "x"}}',
    '{"communicationSettings": [1]}',
    '{"communicationSettings": "x"}',
    "[]",
    "5",
    '"text"',
    "null",
]


def test_settings_of_another_shape_break_nothing(services: Services, sql: Sql) -> None:
    for number, document in enumerate(ODD_SHAPES):
        sql(f"INSERT INTO clinics (id) VALUES ('c{number}')")
        sql(f"UPDATE clinics SET settings = '{document}' WHERE id = 'c{number}'")
    assert services.sweep.run()
    for number, document in enumerate(ODD_SHAPES):
        assert services.configs.get_clinic_config(f"c{number}").email["primary"] is None, document
        services.reachability.check(f"c{number}", ["a@b.example"])
        give_ses(services, f"c{number}", fromEmail=f"noreply@c{number}.example")
        assert services.configs.get_clinic_config(f"c{number}").email["primary"]["provider"] == "aws_ses"


def test_half_a_character_in_a_secret_does_not_stop_the_sweep(
    services: Services, sql: Sql, database_url: str
) -> None:
    """SQLite keeps any JSON; PostgreSQL refuses this one itself."""
    if not database_url.startswith("sqlite:"):
        return
    primary = r'{"provider": "aws_ses", "credentials": {"secretAccessKey": "hush\ud800"}}'
    sql(
        f"""INSERT INTO clinics (id, settings) VALUES ('c1', '{{"communicationSettings": {{"email": {{"primary": {primary}}}}}}}')"""
    )
    assert services.sweep.run()
    assert "hush" not in json.dumps(stored(services, "c1"))
