"""gunicorn's limits, as gunicorn itself understands them: none of them is its default by accident."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "config_service": {
        "limit_request_line": "2048",
        "limit_request_fields": "50",
        "limit_request_field_size": "10240",
        "timeout": "60",
        "graceful_timeout": "20",
        "keepalive": "75",
        "threads": "16",
        "control_socket_disable": "True",
    },
    "webhook_service": {
        "limit_request_line": "1024",
        "limit_request_fields": "50",
        "limit_request_field_size": "4096",
        "timeout": "30",
        "graceful_timeout": "20",
        "keepalive": "75",
        "worker_connections": "1000",
        "control_socket_disable": "True",
    },
}
# What would let a client say more than it should be believed.
ASK_FOR_TROUBLE = {
    "permit_obsolete_folding": "False",
    "strip_header_spaces": "False",
    "permit_unconventional_http_method": "False",
    "permit_unconventional_http_version": "False",
    "casefold_http_method": "False",
    "proxy_protocol": ("False", "off"),
    "forwarded_allow_ips": ("['127.0.0.1', '::1']", "127.0.0.1,::1"),
}


def _understood(service: str, directory: Path) -> dict[str, str]:
    command = [str(Path(sys.executable).with_name("gunicorn")), "--print-config"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV_"))},
        "VAR_DIR": str(directory),
        "DATABASE_URL": f"sqlite:///{directory}/clinic_mail.db",  # gunicorn loads the application too
        "INTERNAL_API_TOKEN": "record-token-of-a-test-0123456789",
    }
    printed = subprocess.run(
        [*command, "-c", str(ROOT / service / "gunicorn.conf.py")],
        cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    pairs = (line.partition("=") for line in printed.splitlines() if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


@pytest.mark.parametrize("service", sorted(SETTINGS))
def test_every_limit_is_the_one_that_was_decided(service: str, tmp_path: Path) -> None:
    understood = _understood(service, tmp_path)
    wanted = SETTINGS[service]
    assert {name: understood[name] for name in wanted} == wanted
    for name, value in ASK_FOR_TROUBLE.items():
        assert understood[name] in ((value,) if isinstance(value, str) else value), name
