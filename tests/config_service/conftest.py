"""config_service with a real database; the email providers and the clock are in the tests' hands."""

import importlib.util
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from suppressed_fake import SesLists, ses_lists

from config_service import create_app
from config_service.encryption import NamedKey
from config_service.internal_tokens import InternalToken
from config_service.services.principal import CLINIC_ADMIN, LOCATION_HEAD, SUPER_ADMIN, Principal
from config_service.services.services import Services
from config_service.settings import ConfigSettings, JwtSettings, PlatformSettings
from shared.internal_api import SCOPE_RECORD, SCOPE_SEND

SHARED_TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
PLATFORM_ADDRESS = "noreply@healthcare.example"
JWT_SECRET = "a secret of a test that is long enough for HS256"
RECORD_TOKEN = "record-token-of-a-test-0123456789"
SEND_TOKEN = "send-token-of-a-test-0123456789"
SES = {
    "region": "us-east-1",
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "secretAccessKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "fromEmail": "noreply@clinic-domain.example",
    "fromName": "My Clinic",
}


class Clock:
    """Time that a test moves, in ms."""

    def __init__(self) -> None:
        self.now = 1_767_225_600_000  # 2026-01-01

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(database_url: str) -> ConfigSettings:
    return make_settings(database_url)


def make_settings(database_url: str, **changes: Any) -> ConfigSettings:
    base = ConfigSettings(
        production=False,
        log_level="WARNING",
        shared_topic_arns=(SHARED_TOPIC,),
        database_url=database_url,
        credentials_keys=(NamedKey("k1", b"c" * 32),),
        address_hash_keys=(NamedKey("h1", b"h" * 32),),
        jwt=JwtSettings(secret=JWT_SECRET),
        internal_tokens=(
            InternalToken("webhook", SCOPE_RECORD, sha256(RECORD_TOKEN.encode()).digest()),
            InternalToken("sender", SCOPE_SEND, sha256(SEND_TOKEN.encode()).digest()),
        ),
        platform=PlatformSettings(region="us-east-1", from_email=PLATFORM_ADDRESS, from_name="Healthcare"),
    )
    return replace(base, **changes)


@pytest.fixture(scope="session")
def provider_fakes() -> Any:
    path = Path(__file__).parent / "providers" / "fakes.py"
    spec = importlib.util.spec_from_file_location("provider_fakes_of_the_service", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def email_providers(provider_fakes: Any) -> Any:
    """Return the accounts through which mail would go; they keep what was sent."""
    return provider_fakes.FakeEmailProviders()


@pytest.fixture
def ses_list(monkeypatch: pytest.MonkeyPatch) -> Iterator[SesLists]:
    """Return the account-level suppression lists that SES would keep."""
    with ses_lists(monkeypatch) as world:
        yield world


@pytest.fixture
def app(settings: ConfigSettings, email_providers: Any, clock: Clock) -> Iterator[Flask]:
    app = create_app(settings, providers=email_providers, clock=clock, sweeping=False)
    app.testing = True  # an exception that nobody foresaw fails the test instead of becoming a 500
    yield app
    services_of(app).repositories.database.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def services(app: Flask) -> Services:
    return services_of(app)


def services_of(app: Flask) -> Services:
    found: Services = app.extensions["config_service"]
    return found


def bearer(role: str = SUPER_ADMIN, *clinics: str, **claims: Any) -> dict[str, str]:
    """Return the header of a person with this role and these clinics."""
    payload = {
        "sub": "somebody",
        "role": role,
        "clinicIds": list(clinics),
        "exp": int(time.time()) + 600,
        **claims,
    }
    return {"Authorization": f"Bearer {jwt.encode(payload, JWT_SECRET, algorithm='HS256')}"}


@dataclass(frozen=True)
class People:
    """The headers and principals of those who use the API."""

    super_admin: dict[str, str]
    clinic_admin: Callable[..., dict[str, str]]
    location_head: Callable[..., dict[str, str]]
    webhook: dict[str, str]
    sender: dict[str, str]
    root: Principal


@pytest.fixture(scope="session")
def people() -> People:
    return People(
        super_admin=bearer(SUPER_ADMIN),
        clinic_admin=lambda *clinics: bearer(CLINIC_ADMIN, *clinics),
        location_head=lambda *clinics: bearer(LOCATION_HEAD, *clinics),
        webhook={"Authorization": f"Bearer {RECORD_TOKEN}"},
        sender={"Authorization": f"Bearer {SEND_TOKEN}"},
        root=Principal("root", SUPER_ADMIN),
    )


@pytest.fixture
def set_up(client: FlaskClient, people: People) -> Callable[..., None]:
    """Return what gives a clinic SES; changes to its settings are named."""

    def put(clinic_id: str, **changes: Any) -> None:
        response = client.put(
            f"/api/v1/clinics/{clinic_id}/communication/ses",
            json={**SES, **changes},
            headers=people.super_admin,
        )
        assert response.status_code == 200, response.json

    return put


@pytest.fixture
def record(client: FlaskClient, people: People) -> Callable[..., list[dict[str, Any]]]:
    """Return what reports events, each a document of the internal API, as webhook_service does."""

    def post(*events: dict[str, Any]) -> list[dict[str, Any]]:
        response = client.post("/internal/v1/events", json={"events": list(events)}, headers=people.webhook)
        assert response.status_code == 200, response.json
        results: list[dict[str, Any]] = response.json["results"]
        return results

    return post


@pytest.fixture
def no_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty working directory, where development secrets would be made."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
