"""The commands: what they print, and one line and exit code 1 where they cannot."""

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from core_kit import ROOT, SECRET, give_ses

from config_service import create_services
from config_service.__main__ import main
from config_service.encryption import parse_keys
from config_service.settings import read_settings
from config_service.tokens import TokenVerifier

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Leave the root logger as it was."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    root.level, root.handlers[:] = before


@pytest.fixture
def variables(database_url: str, no_var: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("APP_ENV", "JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL", "JWT_ISSUER", "JWT_AUDIENCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("CREDENTIALS_KEYS", OLD)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return monkeypatch


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_migrate_says_that_there_is_nothing_to_do(variables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    assert lines(capsys) == ["The database is up to date."]


def test_migrate_names_what_it_applied(
    variables: Any, no_var: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variables.setenv("DATABASE_URL", f"sqlite:///{no_var}/fresh/new.db")
    assert main(["migrate"]) == 0
    applied = lines(capsys)
    assert applied[0] == "applied 0001_tables"
    assert main(["migrate"]) == 0
    assert lines(capsys) == ["The database is up to date."]


def test_reseal_brings_every_clinic_under_the_new_key_and_then_rests(
    variables: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    services = create_services()
    for number in range(5):
        give_ses(services, f"c{number}", fromEmail=f"noreply@c{number}.example")
    services.configs.save_clinic_config(clinic_id="bare", actor=ROOT)
    variables.setenv("CREDENTIALS_KEYS", f"{NEW},{OLD}")
    assert main(["reseal"]) == 0
    assert "sealed anew: 5 clinics (of 6 looked at)" in lines(capsys)
    variables.setenv("CREDENTIALS_KEYS", NEW)  # the old one may go now
    assert main(["reseal"]) == 0
    assert lines(capsys) == ["under key new: 10"]
    renewed = create_services()
    for number in range(5):
        config = renewed.sending_order.effective_config(f"c{number}", ROOT)
        assert config["email"]["providers"][0]["credentials"]["secretAccessKey"] == SECRET
    for each in (services, renewed):
        each.repositories.database.close()


def test_reseal_goes_on_past_a_clinic_whose_key_is_lost(
    variables: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    services = create_services()
    give_ses(services, "a", fromEmail="noreply@a.example")
    variables.setenv("CREDENTIALS_KEYS", "other:" + base64.b64encode(b"x" * 32).decode())
    other = create_services()
    give_ses(other, "b", fromEmail="noreply@b.example")
    variables.setenv("CREDENTIALS_KEYS", f"{NEW},{OLD}")
    code = main(["reseal"])
    printed = capsys.readouterr()
    assert code == 1
    assert "other" in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out.splitlines()[-5:] == [
        "sealed anew: 1 clinics (of 2 looked at)",
        "under key new: 2",
        "under key other: 2",
        "Key old can be taken out of CREDENTIALS_KEYS.",
        "Key other is missing in CREDENTIALS_KEYS: add it again, behind the others.",
    ]
    for each in (services, other):
        each.repositories.database.close()


def test_rehash_says_what_it_did_and_which_key_can_go(
    variables: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    variables.setenv("ADDRESS_HASH_KEYS", OLD)
    services = create_services()
    services.suppressions.add(None, "jane@patients.example", ROOT)
    services.repositories.database.close()
    variables.setenv("ADDRESS_HASH_KEYS", f"{NEW},{OLD}")
    assert main(["rehash", "--count"]) == 1
    assert "Key old must stay in ADDRESS_HASH_KEYS." in lines(capsys)
    assert main(["rehash"]) == 0
    assert lines(capsys) == [
        "hashed anew: 1 suppression_acts (of 1 looked at)",
        "hashed anew: 1 suppressions (of 1 looked at)",
        "under key new: 2",
        "Key old can be taken out of ADDRESS_HASH_KEYS.",
    ]
    variables.setenv("ADDRESS_HASH_KEYS", NEW)
    assert main(["rehash"]) == 0


def test_a_command_that_is_interrupted_says_that_it_can_go_on(
    variables: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    variables.setattr("config_service.services.resealing.Resealing.run", interrupt)
    assert main(["reseal"]) == 130
    assert "run the command again" in capsys.readouterr().err


def test_sweep_seals_and_says_so(variables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep"]) == 0
    assert lines(capsys) == ["Done."]


def test_a_token_of_the_command_is_accepted(variables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    variables.setenv("JWT_ISSUER", "us")
    variables.setenv("JWT_AUDIENCE", "clinics")
    assert (
        main(["token", "--role", "CLINIC_ADMIN", "--clinic", "c1", "--clinic", "c2", "--subject", "ann"]) == 0
    )
    (token,) = lines(capsys)
    settings = read_settings({"JWT_ISSUER": "us", "JWT_AUDIENCE": "clinics"})
    found = TokenVerifier(settings.jwt).verify(token)
    assert (found.name, found.role, found.clinic_ids) == ("ann", "CLINIC_ADMIN", {"c1", "c2"})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "command", "named"),
    [
        ({"SOFT_BOUNCE_LIMIT": "x"}, "migrate", "SOFT_BOUNCE_LIMIT"),
        ({"DATABASE_URL": "mysql://x/y"}, "migrate", "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite://"}, "migrate", "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x"}, "migrate", "database"),
        ({"DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x"}, "sweep", "database"),
        ({"DATABASE_URL": "postgresql://u:hush@127.0.0.1:badport/x"}, "migrate", "DATABASE_URL"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "sweep", "AWS_SECRET_ACCESS_KEY"),
        ({"JWT_JWKS_URL": "https://issuer.example/jwks"}, "token", "JWT_SECRET"),
        ({"APP_ENV": "production"}, "token", "is not set"),
    ],
    ids=range(9),
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(
    variables: Any, capsys: pytest.CaptureFixture[str], changes: dict[str, str], command: str, named: str
) -> None:
    for name, value in changes.items():
        variables.setenv(name, value)
    assert main([command]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert any(name in line for name in named.split("|")), line
    assert "hush" not in line


def test_the_keys_of_this_test_are_keys() -> None:
    assert [key.id for key in parse_keys(f"{NEW},{OLD}")] == ["new", "old"]


@pytest.mark.parametrize("arguments", [[], ["unknown"], ["token", "--role", "KING"]])
def test_what_is_no_command_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err
