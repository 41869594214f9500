"""Email providers that keep what they are given in memory, behind the real interface."""

from collections.abc import Mapping
from typing import Any

from config_service.providers.base import Email
from shared.errors import ServiceError


class FakeEmailProvider:
    """One account; `sent` holds its messages, the oldest first."""

    def __init__(self, *, tracks: bool, account: str) -> None:
        self.tracks = tracks
        self.account = account
        self.sent: list[Email] = []
        self.refusal: ServiceError | None = None

    def send(self, email: Email) -> str:
        if self.refusal:
            raise self.refusal
        self.sent.append(email)
        return f"{self.account}-{len(self.sent)}"


class FakeEmailProviders:
    """Gives out one fake account per clinic and provider, and one for the platform where it has one."""

    def __init__(self, *, platform: bool = True) -> None:
        self._accounts: dict[tuple[str, str], FakeEmailProvider] = {}
        self._platform = FakeEmailProvider(tracks=True, account="platform") if platform else None
        self.credentials: dict[str, Mapping[str, Any]] = {}
        self.external_ids: dict[str, str] = {}
        self.forgotten: list[str] = []
        self._refusal: ServiceError | None = None

    @property
    def sent(self) -> list[Email]:
        """All messages of all accounts."""
        accounts = [*self._accounts.values(), *([self._platform] if self._platform else [])]
        return [email for account in accounts for email in account.sent]

    def refuse_with(self, error: ServiceError | None) -> None:
        """Have every account raise `error` from now on; None makes them send again."""
        self._refusal = error
        for account in (*self._accounts.values(), self._platform):
            if account:
                account.refusal = error

    def for_clinic(
        self, clinic_id: str, external_id: str, provider: str, credentials: Mapping[str, Any]
    ) -> FakeEmailProvider:
        self.credentials[clinic_id] = dict(credentials)
        self.external_ids[clinic_id] = external_id
        account = FakeEmailProvider(tracks=provider == "aws_ses", account=f"{clinic_id}-{provider}")
        account.refusal = self._refusal
        return self._accounts.setdefault((clinic_id, provider), account)

    def platform(self) -> FakeEmailProvider | None:
        return self._platform

    def forget(self, clinic_id: str) -> None:
        self.forgotten.append(clinic_id)
