"""One AWS account in one region: whose it is, and the clients that work on it."""

from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from config_service.providers.aws_session import CLIENT_CONFIG, new_session
from config_service.providers.aws_setup.refusals import AwsRefusedError, plainly


@dataclass(frozen=True, slots=True)
class Place:
    """Where resources are, as far as their ARNs say it."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource here.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
        """
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


UNKNOWN_ACCOUNT = "ACCOUNT_ID"  # in a policy that is printed before there are credentials


class AwsAccount:
    """Makes clients, one per service, when they are first asked for."""

    def __init__(self, credentials: Credentials | None, region: str, place: Place | None = None) -> None:
        """Take what to sign with and where; a `place` that is given is not asked for."""
        self.region = region
        self._given = place
        self._session = new_session(credentials)
        self._clients: dict[str, Any] = {}
        self._building = Lock()  # botocore's sessions are not safe to build clients on from several threads

    def client(self, service: str) -> Any:
        """Return the boto3 client of `service`; raise AwsRefusedError where the region makes no URL."""
        with self._building:
            if service not in self._clients:
                self._clients[service] = self._build(service)
            return self._clients[service]

    def _build(self, service: str) -> Any:
        try:
            return self._session.create_client(service, region_name=self.region, config=CLIENT_CONFIG)
        except (BotoCoreError, ValueError) as error:
            hint = "Give one such as us-east-1."
            raise AwsRefusedError(f"{self.region!r} is no region of AWS.", hint=hint) from error

    @cached_property
    def place(self) -> Place:
        """Ask AWS whose credentials these are: it needs no permission."""
        return self._given or self._ask()

    @plainly
    def _ask(self) -> Place:
        identity = self.client("sts").get_caller_identity()
        return Place(str(identity["Arn"]).split(":")[1], self.region, str(identity["Account"]))
