"""The accounts that the set-up works in: the platform's, or a clinic's under its own credentials."""

from collections.abc import Mapping
from typing import Any

from config_service.providers.account_credentials import AccountCredentials
from config_service.providers.aws_setup.account import UNKNOWN_ACCOUNT, AwsAccount, Place
from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.refusals import AwsRefusedError, no_credentials
from config_service.providers.platform_account import PlatformAccount
from shared.errors import ServiceError


class SetupAccounts:
    """Connects to accounts. The composition root builds one of it."""

    def __init__(self, platform: PlatformAccount | None) -> None:
        """Take the platform's account; None is a service without AWS, as in tests."""
        self._region = platform.region if platform else None
        self._has_credentials = bool(platform and platform.credentials)
        self._credentials = AccountCredentials(platform.credentials if platform else None, self._region)

    def platform(self, region: str | None = None) -> AccountResources:
        """Return the platform's account in `region`, by default its own.

        Raise AwsRefusedError where there are no credentials, or no region is known.
        """
        region = region or self._region
        if not self._has_credentials:
            raise no_credentials()
        if region is None:
            raise AwsRefusedError(
                "No region is set.", code="aws_no_region", hint="Set AWS_REGION, or give --region."
            )
        return AccountResources(AwsAccount(self._credentials.platform(), region))

    def of_clinic(self, clinic_id: str, external_id: str, credentials: Mapping[str, Any]) -> AccountResources:
        """Return the account that a clinic sends with in its region; `credentials` are opened.

        Raise AwsRefusedError or SendRefusedError where they are incomplete.
        """
        if not credentials.get("region"):
            raise AwsRefusedError("The clinic's SES settings have no region.", hint="Save them with one.")
        found = self._credentials.of_clinic(clinic_id, external_id, credentials)
        return AccountResources(AwsAccount(found, credentials["region"]))


def with_known_place(account: AccountResources) -> AccountResources:
    """Return `account` or, where AWS does not say whose it is, one with a placeholder in its ARNs."""
    try:
        _ = account.place
    except ServiceError:
        return unknown_account(account.account.region)
    return account


def unknown_account(region: str) -> AccountResources:
    """Return an account that there are no credentials for: it knows names alone."""
    return AccountResources(AwsAccount(None, region, Place("aws", region, UNKNOWN_ACCOUNT)))
