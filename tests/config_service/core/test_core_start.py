"""What happens at start: what is logged about the platform's account, and which database is refused."""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config_service import create_app, create_services
from config_service.settings import ConfigSettings, PlatformSettings
from config_service.storage.database import Database
from config_service.storage.migrating import pending
from shared.errors import SettingsError

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
READY = "AWS SES email service initialized successfully"
DISABLED = "AWS credentials not provided, SES email service will be disabled"


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    root.level, root.handlers[:] = before


@pytest.fixture
def started(
    settings: ConfigSettings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., list[tuple[str, str]]]:
    """Return what starts the application and gives the lines (level, message) that it logs."""
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def start(platform: PlatformSettings) -> list[tuple[str, str]]:
        app = create_app(replace(settings, platform=platform, log_level="INFO"), sweeping=False)
        app.extensions["config_service"].repositories.database.close()
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        return [(line["level"], line["message"]) for line in lines]

    return start


def test_an_account_of_the_platform_is_announced_once(started: Callable[..., list[tuple[str, str]]]) -> None:
    platform = PlatformSettings(
        "us-east-1", "AKIAIOSFODNN7EXAMPLE", "a platform secret", "noreply@healthcare.example"
    )
    assert started(platform) == [("info", READY)]


def test_no_account_of_the_platform_is_a_warning(started: Callable[..., list[tuple[str, str]]]) -> None:
    assert started(PlatformSettings()) == [("warning", DISABLED)]


def test_half_a_key_stops_the_start(settings: ConfigSettings) -> None:
    with pytest.raises(SettingsError, match="AWS_SECRET_ACCESS_KEY"):
        create_services(replace(settings, platform=PlatformSettings("us-east-1", "AKIAIOSFODNN7EXAMPLE")))


def test_production_refuses_a_database_that_lacks_a_migration_and_leaves_it_alone(
    settings: ConfigSettings, tmp_path: Path, email_providers: object
) -> None:
    url = f"sqlite:///{tmp_path}/fresh.db"
    with pytest.raises(SettingsError, match=r"0001_tables.*migrate"):
        create_services(replace(settings, production=True, database_url=url), providers=email_providers)  # type: ignore[arg-type]
    database = Database(url)
    assert "0001_tables" in pending(database)
    database.close()


def test_development_migrates_a_new_database(
    settings: ConfigSettings, tmp_path: Path, email_providers: object
) -> None:
    url = f"sqlite:///{tmp_path}/new/fresh.db"
    services = create_services(replace(settings, database_url=url), providers=email_providers)  # type: ignore[arg-type]
    assert pending(services.repositories.database) == []
    services.repositories.database.close()
