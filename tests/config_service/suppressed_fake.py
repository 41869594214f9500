"""SES's account-level list in memory, behind boto3's own methods and errors."""

# ruff: noqa: N803 - parameters are spelt as boto3 spells them

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from config_service.providers.aws_setup.account import AwsAccount

ACCOUNT_OF = {
    "AKIAIOSFODNN7EXAMPLE": "111111111111",
    "AKIAANOTHERKEY7EXAMP": "111111111111",
    "AKIATHEBROKENEXAMPLE": "222222222222",
}
PLATFORM_ACCOUNT = "999999999999"
NOW = datetime(2026, 1, 1, tzinfo=UTC)  # where the tests' clock starts


@dataclass
class SesLists:
    """One list an account; `calls` are the operations in their order, `refusal` is what AWS answers to all."""

    lists: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refusal: str = ""
    broken: set[str] = field(default_factory=set)  # accounts whose keys AWS does not accept
    page: int = 1000

    def have(
        self, address: str, reason: str = "BOUNCE", at: datetime = NOW, account: str = "111111111111"
    ) -> None:
        entry = {"EmailAddress": address, "Reason": reason, "LastUpdateTime": at}
        self.lists.setdefault(account, {})[address] = entry

    def addresses(self, account: str = "111111111111") -> dict[str, str]:
        return {each: entry["Reason"] for each, entry in self.lists.get(account, {}).items()}


class _Client:
    def __init__(self, world: SesLists, account: str) -> None:
        self._world = world
        self._account = account

    def get_caller_identity(self) -> dict[str, str]:
        self._called("GetCallerIdentity")
        return {"Account": self._account, "Arn": f"arn:aws:iam::{self._account}:user/x"}

    def list_suppressed_destinations(
        self, *, PageSize: int, StartDate: datetime | None = None, NextToken: str = ""
    ) -> dict[str, Any]:
        self._called("ListSuppressedDestinations")
        found = [each for each in self._list.values() if not StartDate or each["LastUpdateTime"] >= StartDate]
        start, size = int(NextToken or 0), min(PageSize, self._world.page)
        rest = {"NextToken": str(start + size)} if start + size < len(found) else {}
        return {"SuppressedDestinationSummaries": found[start : start + size], **rest}

    def get_suppressed_destination(self, *, EmailAddress: str) -> dict[str, Any]:
        self._called("GetSuppressedDestination")
        if EmailAddress not in self._list:
            raise _error("NotFoundException", "GetSuppressedDestination")
        return {"SuppressedDestination": self._list[EmailAddress]}

    def put_suppressed_destination(self, *, EmailAddress: str, Reason: str) -> dict[str, Any]:
        self._called("PutSuppressedDestination")
        self._world.have(EmailAddress, Reason, account=self._account)
        return {}

    def delete_suppressed_destination(self, *, EmailAddress: str) -> dict[str, Any]:
        self._called("DeleteSuppressedDestination")
        if self._list.pop(EmailAddress, None) is None:
            raise _error("NotFoundException", "DeleteSuppressedDestination")
        return {}

    def __getattr__(self, operation: str) -> Any:
        def refuse(**_: Any) -> Any:
            raise _error("AccessDenied", operation)

        return refuse

    @property
    def _list(self) -> dict[str, Any]:
        return self._world.lists.setdefault(self._account, {})

    def _called(self, operation: str) -> None:
        if self._world.refusal or self._account in self._world.broken:
            raise _error(self._world.refusal or "InvalidClientTokenId", operation)
        self._world.calls.append(operation)


def _error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, operation)


@contextmanager
def ses_lists(monkeypatch: pytest.MonkeyPatch) -> Iterator[SesLists]:
    """Have every account of the set-up lead to lists in memory, without a pause between calls."""
    world, real = SesLists(), AwsAccount.client

    def client(account: AwsAccount, service: str) -> Any:
        if service not in {"sts", "sesv2"}:
            return real(account, service)
        key = account._session.get_credentials().access_key
        return _Client(world, ACCOUNT_OF.get(key, PLATFORM_ACCOUNT))

    monkeypatch.setattr(AwsAccount, "client", client)
    monkeypatch.setattr("config_service.providers.suppressed_destinations.PAUSE", 0)
    yield world
