"""What webhook_service is told, and what it refuses to start with."""

from pathlib import Path

import pytest
from sns_kit import TOPIC

from shared.errors import SettingsError
from webhook_service import create_app
from webhook_service.settings import read_settings

PRODUCTION = {
    "APP_ENV": "production",
    "INTERNAL_API_TOKEN": "token",
    "CONFIG_SERVICE_URL": "http://config-service:8001",
    "AWS_SNS_TOPIC_ARN": TOPIC,
}


def test_development_needs_nothing_but_a_token() -> None:
    settings = read_settings({"INTERNAL_API_TOKEN": "token"})
    assert not settings.production
    assert settings.config_service_url == "http://127.0.0.1:8001"
    assert settings.sns_dev_origin is None
    assert settings.shared_topic_arns == ()


def test_production_takes_what_it_is_given() -> None:
    settings = read_settings(
        PRODUCTION | {"CONFIG_SERVICE_URL": "https://config.internal/", "LOG_LEVEL": "ERROR"}
    )
    assert settings.production
    assert settings.config_service_url == "https://config.internal"
    assert settings.shared_topic_arns == (TOPIC,)
    assert settings.log_level == "ERROR"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"INTERNAL_API_TOKEN": ""}, "INTERNAL_API_TOKEN"),
        ({"CONFIG_SERVICE_URL": ""}, "CONFIG_SERVICE_URL"),
        ({"SNS_DEV_ORIGIN": "http://127.0.0.1:5055"}, "SNS_DEV_ORIGIN"),
        ({"INTERNAL_API_TOKEN": "two words"}, "INTERNAL_API_TOKEN"),
        ({"INTERNAL_API_TOKEN": "schlüssel"}, "INTERNAL_API_TOKEN"),
        ({"CONFIG_SERVICE_URL": "config-service:8001"}, "CONFIG_SERVICE_URL"),
        ({"CONFIG_SERVICE_URL": "http://user:pw@config-service"}, "CONFIG_SERVICE_URL"),
        ({"APP_ENV": "development", "SNS_DEV_ORIGIN": "http://127.0.0.1:5055/x"}, "SNS_DEV_ORIGIN"),
        ({"APP_ENV": "development", "SNS_DEV_ORIGIN": "127.0.0.1:5055"}, "SNS_DEV_ORIGIN"),
        ({"AWS_SNS_TOPIC_ARN": "ses-events"}, "AWS_SNS_TOPIC_ARN"),
        ({"APP_ENV": "staging"}, "APP_ENV"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
    ],
    ids=str,
)
def test_a_bad_setting_stops_the_start_with_its_name(changes: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        read_settings(PRODUCTION | changes)
    assert "\n" not in caught.value.message
    for secret in ("two words", "schlüssel", "pw"):
        assert secret not in caught.value.message


def test_development_takes_the_token_that_config_service_generated(tmp_path: Path) -> None:
    (tmp_path / "internal_api_token_record").write_text("generated\n")
    assert read_settings({"VAR_DIR": str(tmp_path)}).internal_api_token == "generated"


def test_production_generates_and_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "internal_api_token_record").write_text("generated\n")
    with pytest.raises(SettingsError, match="INTERNAL_API_TOKEN"):
        read_settings(PRODUCTION | {"VAR_DIR": str(tmp_path), "INTERNAL_API_TOKEN": ""})


@pytest.mark.parametrize("content", [None, b"", b"\xff"], ids=["missing", "empty", "binary"])
def test_development_without_a_token_says_what_to_start_first(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "internal_api_token_record").write_bytes(content)
    with pytest.raises(SettingsError, match="INTERNAL_API_TOKEN"):
        read_settings({"VAR_DIR": str(tmp_path)})


def test_the_token_is_not_shown() -> None:
    assert "hush" not in repr(read_settings({"INTERNAL_API_TOKEN": "hush"}))


def test_the_application_reads_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APP_ENV", "staging")
    with pytest.raises(SettingsError, match="APP_ENV"):
        create_app()
