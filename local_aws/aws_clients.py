"""boto3 clients for ministack, which keeps every account and region apart.

ministack takes a twelve-digit access key for the account, and the region from the request's signature.
"""

import re
import threading
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from local_aws.arns import parse_arn

_CREDENTIAL = re.compile(r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[^/]+)/")


@dataclass(frozen=True)
class Caller:
    """Who calls, as the signature of a request says (AWS General Reference, "Signature Version 4")."""

    access_key: str = "000000000000"
    region: str = "us-east-1"

    @classmethod
    def of_request(cls, authorization: str) -> "Caller":
        found = _CREDENTIAL.search(authorization)
        return cls(found["key"], found["region"]) if found else cls()

    @classmethod
    def owner_of(cls, arn: str) -> "Caller":
        """Return the account that owns a resource; raise ValueError for a text that is no ARN."""
        parsed = parse_arn(arn)
        return cls(parsed.account, parsed.region)

    def authorization(self, service: str) -> str:
        """Return a header that names account and region; ministack does not check the signature."""
        scope = f"{self.access_key}/20260101/{self.region}/{service}/aws4_request"
        return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


class AwsClients:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session = boto3.session.Session()
        self._clients: dict[tuple[str, Caller], Any] = {}
        self._accounts: dict[str, str] = {}
        self._lock = threading.Lock()

    def client(self, service: str, caller: Caller) -> Any:
        """Return a client of the caller's account and region; making one takes long, so keep it."""
        with self._lock:
            key = (service, caller)
            if key not in self._clients:
                self._clients[key] = self._session.client(  # type: ignore[call-overload]
                    service,
                    region_name=caller.region,
                    endpoint_url=self.endpoint,
                    aws_access_key_id=caller.access_key,
                    aws_secret_access_key="local",  # noqa: S106 - ministack wants any
                    config=Config(max_pool_connections=40, connect_timeout=2, read_timeout=10),
                )
            return self._clients[key]

    def account_of(self, caller: Caller) -> str:
        if caller.access_key not in self._accounts:
            identity = self.client("sts", caller).get_caller_identity()
            self._accounts[caller.access_key] = str(identity["Account"])
        return self._accounts[caller.access_key]
