"""The core is tested on both databases through the use cases, without HTTP where it can be."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from config_service import create_services
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
