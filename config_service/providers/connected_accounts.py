"""Gives out connected accounts: a clinic's own, or the platform's. The composition root builds one of it."""

from collections.abc import Mapping
from typing import Any

from config_service.providers.aws_ses import SesEmailProvider
from config_service.providers.base import EmailProvider, SendRefusedError
from config_service.providers.platform_account import PlatformAccount
from config_service.providers.ses_clients import SesClients
from config_service.providers.smtp import SmtpEmailProvider, SmtpServer


class ConnectedAccounts:
    """The EmailProviders of the running service; safe to share between threads."""

    def __init__(self, platform: PlatformAccount, *, allow_private_hosts: bool) -> None:
        """Take the platform's account; only development allows private and unencrypted mail servers."""
        self._allow_private_hosts = allow_private_hosts
        self._clients = SesClients(platform.credentials, platform.region)
        self._platform: SesEmailProvider | None = None
        if platform.available and platform.region:
            self._platform = SesEmailProvider(self._clients.for_platform(platform.region))

    def for_clinic(
        self, clinic_id: str, external_id: str, provider: str, credentials: Mapping[str, Any]
    ) -> EmailProvider:
        """Return the clinic's own account; raise SendRefusedError where its credentials cannot make one."""
        if provider == "aws_ses":
            return SesEmailProvider(self._clients.for_clinic(clinic_id, external_id, credentials))
        if provider == "smtp":
            server = SmtpServer.from_credentials(credentials)
            return SmtpEmailProvider(server, allow_private_hosts=self._allow_private_hosts)
        raise SendRefusedError(
            f"{provider!r} is no email provider of this service.",
            code="provider_unknown",
            hint="Use aws_ses or smtp.",
        )

    def platform(self) -> EmailProvider | None:
        """Return the platform's own SES account, or None where it has no credentials."""
        return self._platform

    def forget(self, clinic_id: str) -> None:
        """Drop the clinic's SES client, since its credentials changed."""
        self._clients.forget(clinic_id)
