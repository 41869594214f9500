"""SES clients, one per clinic, from its access keys, its role or the platform's credentials."""

import hashlib
import json
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from cachetools import LRUCache

from config_service.providers.account_credentials import AccountCredentials
from config_service.providers.aws_session import new_client
from config_service.providers.base import SendRefusedError
from config_service.providers.ses_failures import bad_request

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

KEPT_CLIENTS = 256


class SesClients:
    """Builds clients and keeps them while their credentials stay the same; safe to share between threads."""

    def __init__(
        self,
        platform_credentials: Credentials | None,
        sts_region: str | None = None,
        kept: int = KEPT_CLIENTS,
    ) -> None:
        """Take the platform's credentials, the region of its STS calls, and how many clients to keep."""
        self._credentials = AccountCredentials(platform_credentials, sts_region)
        self._lock = Lock()  # botocore's sessions are not safe to build clients on from several threads
        self._kept: LRUCache[str, tuple[str, SESV2Client]] = LRUCache(kept)

    def for_clinic(self, clinic_id: str, external_id: str, credentials: Mapping[str, Any]) -> "SESV2Client":
        """Return the clinic's client, a new one where `credentials` (opened) changed; no network is used.

        Raise SendRefusedError where they cannot make a client.
        """
        fingerprint = _fingerprint(external_id, credentials)
        with self._lock:
            found = self._kept.get(clinic_id)
            if found is None or found[0] != fingerprint:
                found = (fingerprint, self._build(clinic_id, external_id, credentials))
                self._kept[clinic_id] = found
            return found[1]

    def for_platform(self, region: str) -> "SESV2Client":
        """Return a new client of the platform's own account."""
        with self._lock:
            return _client(region, self._credentials.platform())

    def forget(self, clinic_id: str) -> None:
        """Drop the clinic's client; a send that is under way ends with it."""
        with self._lock:
            self._kept.pop(clinic_id, None)

    def _build(self, clinic_id: str, external_id: str, credentials: Mapping[str, Any]) -> "SESV2Client":
        region = credentials.get("region")
        if not region:
            raise bad_request("the stored credentials have no region")
        return _client(region, self._credentials.of_clinic(clinic_id, external_id, credentials))


def _client(region: str, credentials: Credentials) -> "SESV2Client":
    try:
        client: SESV2Client = new_client("sesv2", region, credentials)
    except (BotoCoreError, ValueError) as error:  # ValueError: a region or endpoint that makes no URL
        raise _unbuildable(region) from error
    return client


def _unbuildable(region: str) -> SendRefusedError:
    return bad_request(f"{region!r} is no region that AWS could have")


def _fingerprint(external_id: str, credentials: Mapping[str, Any]) -> str:
    names = ("region", "accessKeyId", "secretAccessKey", "roleArn")
    parts = [external_id, *(credentials.get(name) for name in names)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
