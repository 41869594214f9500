"""The use cases, opened for as long as a command runs."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from config_service.app import create_services
from config_service.services.services import Services
from config_service.settings import ConfigSettings


@contextmanager
def opened(settings: ConfigSettings) -> Iterator[Services]:
    """Build the use cases and close their database at the end."""
    services = create_services(settings)
    with closing(services.repositories.database):
        yield services
