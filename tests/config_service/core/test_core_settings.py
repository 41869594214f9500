"""Settings are read once; a bad one stops the start with one line that names it and shows no secret."""

import base64
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from config_service.settings import ConfigSettings, read_settings
from shared.errors import SettingsError
from shared.settings import environment

KEY = base64.b64encode(b"K" * 32).decode()
TOKENS = "webhook:record:record-token-0123456789ab,sender:send:send-token-0123456789abcd"


def public_key(private: Any) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return str(private.public_key().public_bytes(encoding, form).decode())


PUBLIC_KEY = public_key(rsa.generate_private_key(public_exponent=65537, key_size=2048))
SHORT_KEY = public_key(rsa.generate_private_key(public_exponent=65537, key_size=1024))
EDWARDS_KEY = public_key(ed25519.Ed25519PrivateKey.generate())
PRODUCTION = {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql://somewhere/clinics",
    "CREDENTIALS_KEYS": f"k1:{KEY}",
    "ADDRESS_HASH_KEYS": f"h1:{KEY}",
    "JWT_SECRET": "J" * 32,
    "JWT_ISSUER": "us",
    "JWT_AUDIENCE": "clinics",
    "INTERNAL_API_TOKENS": TOKENS,
}


@pytest.fixture(autouse=True)
def _here(no_var: Path) -> None:
    """Keep development secrets away from the repository."""


def test_nothing_set_gives_development_its_defaults(no_var: Path) -> None:
    found = read_settings({})
    assert (found.production, found.log_level, found.shared_topic_arns) == (False, "INFO", ())
    assert found.database_url == "sqlite:///var/clinic_mail.db"
    assert (found.soft_bounce_limit, found.sweep_seconds) == (5, 60)
    assert found.platform.region is found.platform.from_email is found.jwt.issuer is None
    assert {token.scope for token in found.internal_tokens} == {"record", "send"}
    assert read_settings({}) == found  # the secrets are kept


def test_development_secrets_are_readable_by_their_owner_alone(no_var: Path) -> None:
    read_settings({})
    made = sorted((no_var / "var").iterdir())
    assert len(made) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert stat.S_IMODE((no_var / "var").stat().st_mode) == 0o700


_TOGETHER = """
import multiprocessing
from config_service.settings import read_settings

fork = multiprocessing.get_context("fork")
barrier, found = fork.Barrier(3), fork.SimpleQueue()

def start():
    barrier.wait()
    s = read_settings({})
    found.put((s.jwt.secret, s.credentials_keys[0].secret, s.address_hash_keys[0].secret))

processes = [fork.Process(target=start) for _ in range(3)]
for process in processes:
    process.start()
print(len({found.get() for _ in processes}))
for process in processes:
    process.join()
"""


def test_processes_that_start_together_agree_on_the_secrets(no_var: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", _TOGETHER]
    root = str(Path(__file__).parents[3])
    made = subprocess.run(
        command, capture_output=True, text=True, cwd=no_var, env={"PYTHONPATH": root}, timeout=60, check=False
    )
    assert (made.stdout, made.stderr) == ("1\n", "")
    assert not list((no_var / "var").glob(".*"))


def test_production_takes_what_it_is_given_and_makes_nothing(no_var: Path) -> None:
    found = read_settings(PRODUCTION)
    assert found.production
    assert found.credentials_keys[0].secret == b"K" * 32
    assert found.internal_tokens[0].fits("record-token-0123456789ab")
    assert not found.internal_tokens[0].fits("send-token-0123456789abcd")
    assert list(no_var.iterdir()) == []


@pytest.mark.parametrize("name", sorted(PRODUCTION.keys() - {"APP_ENV"}))
def test_production_needs_every_secret(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({key: value for key, value in PRODUCTION.items() if key != name})


def test_every_variable_reaches_its_place() -> None:
    variables = {
        **{name: value for name, value in PRODUCTION.items() if name not in {"APP_ENV", "JWT_SECRET"}},
        "LOG_LEVEL": "DEBUG",
        "JWT_PUBLIC_KEY": PUBLIC_KEY.replace("\n", "\\n"),
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "platform secret",
        "AWS_SES_FROM_EMAIL": "noreply@healthcare.example",
        "AWS_SES_FROM_NAME": "Healthcare",
        "AWS_SNS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:a,arn:aws:sns:us-east-1:123456789012:b",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:14566",
        "SOFT_BOUNCE_LIMIT": "3",
    }
    found = read_settings(variables)
    assert found.jwt.public_key is not None
    assert found.jwt.public_key.strip() == PUBLIC_KEY.strip()
    assert (found.jwt.issuer, found.jwt.audience, found.jwt.secret) == ("us", "clinics", None)
    assert found.platform.region == "eu-central-1"
    assert found.platform.from_name == "Healthcare"
    assert len(found.shared_topic_arns) == 2
    assert (found.soft_bounce_limit, found.log_level) == (3, "DEBUG")
    shown = repr(found)
    for secret in ("platform secret", "K" * 32, "record-token", "postgresql://"):
        assert secret not in shown


BAD: list[tuple[str, dict[str, str]]] = [
    ("APP_ENV", {"APP_ENV": "prod"}),
    ("LOG_LEVEL", {"LOG_LEVEL": "LOUD"}),
    ("CREDENTIALS_KEYS", {"CREDENTIALS_KEYS": "hush-hush"}),
    ("CREDENTIALS_KEYS", {"CREDENTIALS_KEYS": "hushhush"}),
    ("CREDENTIALS_KEYS", {"CREDENTIALS_KEYS": "k1:hushhush"}),
    ("CREDENTIALS_KEYS", {"CREDENTIALS_KEYS": f"k1:{KEY},k1:{KEY}"}),
    ("ADDRESS_HASH_KEYS", {"ADDRESS_HASH_KEYS": "hushhush"}),
    ("JWT_SECRET", {"JWT_SECRET": "hushhush"}),
    ("JWT_SECRET and JWT_PUBLIC_KEY", {"JWT_SECRET": "hushhush" * 4, "JWT_PUBLIC_KEY": PUBLIC_KEY}),
    ("JWT_JWKS_URL", {"JWT_JWKS_URL": "https://issuer.example/jwks", "JWT_SECRET": "hushhush" * 4}),
    ("JWT_PUBLIC_KEY", {"JWT_PUBLIC_KEY": "hushhush, and no PEM"}),
    ("JWT_PUBLIC_KEY is not usable: give an RSA key of at least 2048 bits", {"JWT_PUBLIC_KEY": SHORT_KEY}),
    ("JWT_PUBLIC_KEY is not usable: give the public key of an RSA", {"JWT_PUBLIC_KEY": EDWARDS_KEY}),
    ("JWT_JWKS_URL", {"JWT_JWKS_URL": "file:///etc/passwd"}),
    ("JWT_JWKS_URL", {"JWT_JWKS_URL": "issuer.example/jwks"}),
    ("INTERNAL_API_TOKENS", {"INTERNAL_API_TOKENS": "hushhushhushhushhushhushhushhush"}),
    ("INTERNAL_API_TOKENS", {"INTERNAL_API_TOKENS": "webhook:everything:hushhushhushhushhushhush"}),
    ("INTERNAL_API_TOKENS", {"INTERNAL_API_TOKENS": "webhook:record:hushhush"}),
    (
        "INTERNAL_API_TOKENS names one token twice",
        {"INTERNAL_API_TOKENS": f"webhook:record:{'hushhush' * 4},sender:send:{'hushhush' * 4}"},
    ),
    ("AWS_SNS_TOPIC_ARN", {"AWS_SNS_TOPIC_ARN": "healthcare-ses-events"}),
    ("AWS_SES_FROM_EMAIL", {"AWS_SES_FROM_EMAIL": "Healthcare <noreply@healthcare.example>"}),
    ("SOFT_BOUNCE_LIMIT", {"SOFT_BOUNCE_LIMIT": "1"}),
    ("SOFT_BOUNCE_LIMIT", {"SOFT_BOUNCE_LIMIT": "five"}),
    ("SWEEP_SECONDS", {"SWEEP_SECONDS": "0"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "variables"), BAD, ids=range(len(BAD)))
def test_a_bad_value_is_named_in_one_line_without_a_secret(name: str, variables: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(variables)
    message = raised.value.message
    assert name in message
    assert "hushhush" not in message
    assert KEY not in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SESV2", "AWS_ENDPOINT_URL_STS"])
def test_production_refuses_development_conveniences(name: str) -> None:
    stand_in = {name: "http://127.0.0.1:14566"}
    with pytest.raises(SettingsError, match=f"^{name} must not be set in production"):
        read_settings(PRODUCTION | stand_in)
    development = {key: value for key, value in PRODUCTION.items() if key != "APP_ENV"}
    assert not read_settings(development | stand_in).production


def test_a_file_adds_to_the_environment_in_development_alone(
    no_var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (no_var / ".env").write_text("SOFT_BOUNCE_LIMIT=7\nLOG_LEVEL=DEBUG\n")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    monkeypatch.setenv("SOFT_BOUNCE_LIMIT", "")  # so that what is loaded goes away again
    monkeypatch.delenv("SOFT_BOUNCE_LIMIT")
    monkeypatch.setenv("APP_ENV", "production")
    assert "SOFT_BOUNCE_LIMIT" not in environment(no_var / ".env")
    monkeypatch.delenv("APP_ENV")
    found: Any = read_settings(environment(no_var / ".env"))
    assert isinstance(found, ConfigSettings)
    assert (found.soft_bounce_limit, found.log_level) == (7, "ERROR")
