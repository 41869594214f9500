"""botocore sessions that are cheap enough to have one per clinic. Knows nothing of clinics or of email."""

from copy import copy
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials
from botocore.hooks import HierarchicalEmitter
from botocore.session import Session

CONNECT_TIMEOUT = 2  # seconds
READ_TIMEOUT = 8  # seconds; SES answers a send in well under one
ATTEMPTS = 2  # in all; botocore repeats throttled calls and broken connections

CLIENT_CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT,
    read_timeout=READ_TIMEOUT,
    retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    user_agent_extra="clinic-mail",
)


class _Given(CredentialProvider):
    """Hands out the one set of credentials that it was given, in place of botocore's chain."""

    METHOD = "given"

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials


def new_session(credentials: Credentials | None = None) -> Session:
    """Return a session that signs with `credentials` only, or with what botocore's own chain finds.

    All sessions share one loader, for the parsed model of SES is 10 MB, a session of its own 0.1 MB; and each
    has a copy of botocore's own handlers, for to register them takes longer than all the rest.
    """
    loader, handlers = _shared()
    session = Session(event_hooks=copy(handlers), include_builtin_handlers=False)
    session.register_component("data_loader", loader)
    if credentials is not None:
        session.register_component("credential_provider", CredentialResolver([_Given(credentials)]))
    return session


def new_client(service: str, region: str, credentials: Credentials) -> Any:
    """Return a client of `service`; raise botocore's InvalidRegionError for what cannot be a region."""
    return new_session(credentials).create_client(service, region_name=region, config=CLIENT_CONFIG)


@cache
def _shared() -> tuple[Any, HierarchicalEmitter]:
    handlers = HierarchicalEmitter()
    return Session(event_hooks=handlers).get_component("data_loader"), handlers
