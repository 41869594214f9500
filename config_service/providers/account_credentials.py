"""The AWS credentials of an account: a clinic's access keys, its role, or the platform's own."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials

from config_service.providers.aws_session import new_client
from config_service.providers.ses_failures import bad_request, no_credentials

LONGEST_SESSION_NAME = 64  # characters: STS's limit for RoleSessionName

_UNSAFE_IN_SESSION_NAME = re.compile(r"[^A-Za-z0-9_+=,.@-]")


class AccountCredentials:
    """Finds credentials; no network is used before a role's are first signed with."""

    def __init__(self, platform: Credentials | None, sts_region: str | None = None) -> None:
        """Take the platform's credentials, and the region in which they call STS.

        STS is asked in the platform's region, since the platform's account need not have a clinic's enabled.
        """
        self._platform = platform
        self._sts_region = sts_region

    def platform(self) -> Credentials:
        """Return the platform's own; raise SendRefusedError where it has none."""
        if self._platform is None:
            raise no_credentials()
        return self._platform

    def of_clinic(self, clinic_id: str, external_id: str, credentials: Mapping[str, Any]) -> Credentials:
        """Return what `credentials` (opened) stand for; raise SendRefusedError for half a key."""
        key, secret, role = (credentials.get(name) for name in ("accessKeyId", "secretAccessKey", "roleArn"))
        if bool(key) != bool(secret):
            raise bad_request("the stored access key is only half there")
        if key and secret:
            return Credentials(key, secret)
        return self._assumed(role, clinic_id, external_id, credentials) if role else self.platform()

    def _assumed(
        self, role_arn: str, clinic_id: str, external_id: str, credentials: Mapping[str, Any]
    ) -> Credentials:
        """Return credentials that botocore fetches from STS at first use and again before they expire."""
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=_sts_client(self._sts_region or credentials["region"], self.platform()),
            source_credentials=self.platform(),
            role_arn=role_arn,
            extra_args={"RoleSessionName": _session_name(clinic_id), "ExternalId": external_id},
        )
        return DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


def _sts_client(region: str, credentials: Credentials) -> Callable[..., Any]:
    """Return what botocore's fetcher calls with a service's name and keys; ours refresh themselves."""

    def create(service: str, **_: Any) -> Any:
        return new_client(service, region, credentials)

    return create


def _session_name(clinic_id: str) -> str:
    return f"clinic-{_UNSAFE_IN_SESSION_NAME.sub('-', clinic_id)}"[:LONGEST_SESSION_NAME]
