"""The platform's own account: where its credentials come from, and what is logged."""

import socket
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from config_service.providers.platform_account import PlatformAccount
from shared.errors import SettingsError

READY = {"event": "AWS SES email service initialized successfully", "log_level": "info"}
EMPTY = {"event": "AWS credentials not provided, SES email service will be disabled", "log_level": "warning"}


def built(**settings: str) -> tuple[PlatformAccount, list[dict[str, str]]]:
    with capture_logs() as logs:
        account = PlatformAccount(**settings)
    return account, [dict(line) for line in logs]


def test_given_keys_are_used_and_the_chain_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFROMTHECHAIN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    account, logs = built(
        region="us-east-1",
        access_key_id="AKIAGIVEN",
        secret_access_key="s",
        from_email="a@b.example",
        from_name="A",
    )
    assert account.available
    assert account.credentials
    assert account.credentials.access_key == "AKIAGIVEN"
    assert (account.from_email, account.from_name) == ("a@b.example", "A")
    assert logs == [READY]


def test_without_keys_the_chain_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFROMTHECHAIN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    account, logs = built(region="us-east-1")
    assert account.available
    assert logs == [READY]


def test_the_chain_gives_a_region_too_where_none_is_set(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n"
    )
    (tmp_path / "config").write_text("[default]\nregion = eu-north-1\n")
    account, logs = built()
    assert (account.available, account.region) == (True, "eu-north-1")
    assert logs == [READY]


def test_an_empty_chain_is_a_warning_and_no_account() -> None:
    account, logs = built(region="us-east-1")
    assert not account.available
    assert account.credentials is None
    assert logs == [EMPTY]


def test_credentials_without_a_region_serve_clinics_but_not_the_platform() -> None:
    account, logs = built(access_key_id="AKIAGIVEN", secret_access_key="s")
    assert not account.available
    assert account.credentials
    assert logs == [
        {"event": "AWS_REGION is not set, SES email service will be disabled", "log_level": "warning"}
    ]


def test_a_chain_that_cannot_be_read_is_not_called_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "missing")
    account, logs = built(region="us-east-1")
    assert not account.available
    assert logs[0]["log_level"] == "error"
    assert "missing" in logs[0]["reason"]
    assert EMPTY not in logs


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"access_key_id": "AKIA"}, "AWS_SECRET_ACCESS_KEY"), ({"secret_access_key": "s"}, "AWS_ACCESS_KEY_ID")],
)
def test_half_a_key_stops_the_start_with_the_setting_that_is_missing(
    settings: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{named} is not set"):
        built(region="us-east-1", **settings)


@pytest.mark.enable_socket
def test_an_instance_that_does_not_answer_costs_about_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
        monkeypatch.setenv(
            "AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}/"
        )
        started = time.monotonic()
        account, logs = built(region="us-east-1")
        assert time.monotonic() - started < 2
    assert not account.available
    assert logs == [EMPTY]
