"""Identities that a clinic or the platform sends from: made, shown with their DNS records, waited for."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from config_service.errors import InvalidError, NotFoundError
from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.accounts import SetupAccounts, unknown_account, with_known_place
from config_service.providers.aws_setup.identities import Identity, IdentityState
from config_service.services.setup.clinic_targets import ClinicTargets
from shared.addresses import bare_address, domain_of
from shared.errors import ServiceError

POLL = 10  # seconds; AWS itself looks at a new domain's records every few minutes


class NotVerifiedError(ServiceError):
    """AWS has not verified the identity in time."""

    code = "identity_not_verified"


@dataclass(frozen=True, slots=True)
class WantedIdentity:
    """Whose identity and which: no `name` is the domain of the sender; no `clinic_id` is the platform's."""

    name: str | None = None
    clinic_id: str | None = None
    region: str | None = None
    mail_from: str | None = None


class Identities:
    """Finds the account of an identity, and the identity in it."""

    def __init__(self, accounts: SetupAccounts, targets: ClinicTargets, platform_sender: str | None) -> None:
        """Take what connects, what knows the clinics, and the platform's sender."""
        self._accounts = accounts
        self._targets = targets
        self._platform_sender = platform_sender

    def find(self, wanted: WantedIdentity, *, unseen: bool = False) -> Identity:
        """Return the identity, whether or not it exists; `unseen`, for a policy, needs no credentials.

        A domain gets the MAIL FROM domain `mail.<domain>` where none is named; an empty name is none.
        """
        account, sender = self._account(wanted, unseen=unseen)
        name = (wanted.name or domain_of(sender or "")).lower()
        if not name or (bare_address(name) is None if "@" in name else "." not in name):
            raise InvalidError(
                f"{name!r} is neither a domain nor an address.", hint="Give one, such as clinic.example."
            )
        mail_from = wanted.mail_from
        if "@" in name:
            mail_from = mail_from or None
        elif mail_from is None:
            mail_from = f"mail.{name}"
        if mail_from and not mail_from.endswith(f".{domain_of(name) or name}"):
            raise InvalidError(
                f"{mail_from} is not below {name}.",
                hint=f"Give a name such as mail.{domain_of(name) or name}.",
            )
        return account.identity(name, mail_from or None)

    def _account(self, wanted: WantedIdentity, *, unseen: bool) -> tuple[AccountResources, str | None]:
        if wanted.clinic_id is not None:
            target = self._targets.find(wanted.clinic_id)
            return with_known_place(target.account) if unseen else target.account, target.sender
        try:
            account = self._accounts.platform(wanted.region)
        except ServiceError:
            if not unseen:
                raise
            return unknown_account(wanted.region or "REGION"), self._platform_sender
        return with_known_place(account) if unseen else account, self._platform_sender


def seen(identity: Identity) -> IdentityState:
    """Return the identity as it is; raise NotFoundError where it does not exist."""
    state = identity.observe()
    if state is None:
        raise NotFoundError(
            f"There is no identity {identity.name} in this account and region.",
            code="identity_not_found",
            hint=f"Make it: python -m config_service identity create {identity.name}.",
        )
    return state


def await_verified(
    identity: Identity,
    seconds: int,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[IdentityState]:
    """Yield the identity each time it was looked at, complete at last; raise NotVerifiedError."""
    start = clock()
    while True:
        state = seen(identity)
        yield state
        if state.complete:
            return
        if clock() - start >= seconds:
            raise NotVerifiedError(
                f"AWS has not verified {state.name} within {seconds} s.",
                hint="Compare the records in DNS with those of identity show, then wait again: AWS looks for "
                "72 hours.",
            )
        sleep(POLL)
