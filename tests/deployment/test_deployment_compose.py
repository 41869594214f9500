"""docker-compose.yml: who reaches what, and with which rights."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "config_service", "webhook_service"]
FRONTS = ["front", "front_tls"]


def test_only_the_fronts_and_the_stand_in_have_ports() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {*FRONTS, "local_aws"}


@pytest.mark.parametrize("name", ["front", "local_aws"])
def test_what_speaks_plain_http_is_reached_from_this_machine_alone(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_the_database_is_reached_by_config_service_alone() -> None:
    assert SERVICES["postgres"]["networks"] == ["internal"]
    assert COMPOSE["networks"]["internal"] == {"internal": True}
    within = {name for name, service in SERVICES.items() if "internal" in service["networks"]}
    assert within == {"postgres", *OURS, "local_aws"}
    holders = {n for n, s in SERVICES.items() if "DATABASE_URL" in s.get("environment", {})}
    assert holders == {"migrate", "config_service"}


@pytest.mark.parametrize("name", FRONTS)
def test_a_front_reaches_the_services_alone_by_a_network_of_its_own(name: str) -> None:
    assert SERVICES[name]["networks"] == ["front", "outside"]
    assert COMPOSE["networks"]["front"] == {"internal": True}
    assert {n for n, s in SERVICES.items() if "front" in s["networks"]} == {
        *FRONTS,
        "config_service",
        "webhook_service",
    }
    assert set(SERVICES[name]["environment"]) == {"API_SITE", "WEBHOOK_SITE"}  # no secret


@pytest.mark.parametrize("name", [*OURS, *FRONTS])
def test_nothing_may_write_gain_rights_or_keep_any(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name in FRONTS else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    assert not service.get("privileged")


@pytest.mark.parametrize("name", OURS)
def test_no_core_dump_shows_the_keys(name: str) -> None:
    assert SERVICES[name]["ulimits"] == {"core": 0}


def test_tls_is_a_profile_and_its_names_come_from_the_settings() -> None:
    front = SERVICES["front_tls"]
    assert front["profiles"] == ["tls"]
    assert {port.split("/")[0] for port in front["ports"]} == {"80:80", "443:443"}
    assert front["environment"] == {"API_SITE": "${API_SITE:-}", "WEBHOOK_SITE": "${WEBHOOK_SITE:-}"}
    assert "profiles" not in SERVICES["front"]


def test_each_secret_goes_only_to_who_needs_it() -> None:
    internet = SERVICES["webhook_service"]["environment"]
    assert not {"CREDENTIALS_KEYS", "ADDRESS_HASH_KEYS", "DATABASE_URL", "INTERNAL_API_TOKENS"} & set(
        internet
    )
    assert "INTERNAL_API_TOKEN" not in SERVICES["config_service"]["environment"]


def test_there_is_time_to_end_what_was_begun() -> None:
    grace = int(SERVICES["config_service"]["stop_grace_period"].removesuffix("s"))
    for service in ("config_service", "webhook_service"):
        configuration = (ROOT / service / "gunicorn.conf.py").read_text()
        assert "\ngraceful_timeout = 20 " in configuration
    assert grace > 20


def test_gunicorn_is_never_given_an_empty_number_of_workers() -> None:
    for name in ("config_service", "webhook_service"):
        # Without a value compose passes the variable on only where it is set.
        assert SERVICES[name]["environment"]["WEB_CONCURRENCY"] is None
    example = (ROOT / ".env.example").read_text()
    assert not re.search(r"^WEB_CONCURRENCY=\s*$", example, re.MULTILINE)
