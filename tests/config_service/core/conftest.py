"""The core is tested on both databases through the use cases, without HTTP where it can be."""

import base64
import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config_service import create_services
from config_service.__main__ import main
from config_service.services.services import Services
from config_service.settings import ConfigSettings


@pytest.fixture
def services(
    request: pytest.FixtureRequest, settings: ConfigSettings, email_providers: Any, clock: Any
) -> Iterator[Services]:
    """Return the use cases; those of the application where a test uses it as well."""
    if "app" in request.fixturenames:
        yield request.getfixturevalue("app").extensions["config_service"]
        return
    services = create_services(settings, providers=email_providers, clock=clock)
    yield services
    services.repositories.database.close()


@pytest.fixture
def another_process(
    settings: ConfigSettings, email_providers: Any, clock: Any
) -> Iterator[Callable[..., Services]]:
    """Return what builds the use cases once more over the same database, as another process does."""
    made: list[Services] = []

    def build(changed: ConfigSettings | None = None) -> Services:
        made.append(create_services(changed or settings, providers=email_providers, clock=clock))
        return made[-1]

    yield build
    for services in made:
        services.repositories.database.close()


@pytest.fixture
def command(
    settings: ConfigSettings, monkeypatch: pytest.MonkeyPatch, capsys: Any, no_var: Path
) -> Iterator[Any]:
    """Return what runs a command over the test's database and returns (code, output lines, error).

    The root logger is left as it was.
    """
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    given = {"DATABASE_URL": settings.database_url, "AWS_REGION": "us-east-1"}
    for variable, keys in (
        ("ADDRESS_HASH_KEYS", settings.address_hash_keys),
        ("CREDENTIALS_KEYS", settings.credentials_keys),
    ):
        given[variable] = f"{keys[0].id}:{base64.b64encode(keys[0].secret).decode()}"
    for name, value in (given | {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}).items():
        monkeypatch.setenv(name, value)
    for name in ("APP_ENV", "JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*options: str, stdin: str = "") -> tuple[int, list[str], str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        code = main(list(options))
        printed = capsys.readouterr()
        return code, printed.out.splitlines(), printed.err

    yield run
    root.level, root.handlers[:] = before
