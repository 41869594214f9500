"""The account-level suppression list that SES keeps of one account in one region.

SES keeps an address as it was sent to, capitals and all, and finds it by that spelling alone.
https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from config_service.clock import to_datetime, to_ms
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import code_of, translate
from config_service.providers.aws_setup.resource import Permission
from config_service.providers.mailboxes import ascii_address

BOUNCE, COMPLAINT = "BOUNCE", "COMPLAINT"
PAGE = 1000  # addresses a call
PAUSE = 0.25  # seconds between calls, so that sending keeps the account's share of SES's API

_WAITS = (1, 2, 4)  # seconds, where SES asks for a slower pace all the same
_THROTTLED = ("TooManyRequests", "Throttl", "LimitExceeded")
_READS = ("ses:ListSuppressedDestinations", "ses:GetSuppressedDestination")
_WRITES = ("ses:PutSuppressedDestination", "ses:DeleteSuppressedDestination")


@dataclass(frozen=True, slots=True)
class SuppressedDestination:
    """An address as SES spells it, why SES does not deliver to it, and since when (ms)."""

    address: str
    reason: str
    since: int


class SuppressedDestinations:
    """Reads and changes the list, no faster than SES likes."""

    def __init__(self, account: AwsAccount, sleep: Callable[[float], None] = time.sleep) -> None:
        """Take the account, and what waits."""
        self._account = account
        self._sleep = sleep
        self._asked = False

    def pages(self, since: int | None = None) -> Iterator[list[SuppressedDestination]]:
        """Yield the list page by page, or what has come on it since a time in ms."""
        wanted: dict[str, Any] = {"PageSize": PAGE}
        if since is not None:
            wanted["StartDate"] = to_datetime(since)
        while True:
            answer = self._call("list_suppressed_destinations", **wanted)
            yield [_read(each) for each in answer.get("SuppressedDestinationSummaries", [])]
            if not answer.get("NextToken"):
                return
            wanted["NextToken"] = answer["NextToken"]

    def get(self, address: str) -> SuppressedDestination | None:
        """Return the entry of an address in this very spelling, or None."""
        answer = self._call("get_suppressed_destination", EmailAddress=address)
        return _read(answer["SuppressedDestination"]) if answer else None

    def put(self, address: str, reason: str) -> None:
        """Have SES deliver nothing to an address; raise SendRefusedError for one that SES cannot write."""
        self._call("put_suppressed_destination", EmailAddress=ascii_address(address), Reason=reason)

    def delete(self, address: str) -> None:
        """Have SES deliver to an address, in this very spelling, again."""
        self._call("delete_suppressed_destination", EmailAddress=address)

    def _call(self, operation: str, **given: Any) -> dict[str, Any]:
        """Return SES's answer, an empty one where it has no such address; raise our errors."""
        if self._asked:
            self._sleep(PAUSE)
        self._asked = True
        for wait in (*_WAITS, None):
            try:
                answer: dict[str, Any] = getattr(self._account.client("sesv2"), operation)(**given)
            except (BotoCoreError, ClientError) as error:
                code = code_of(error) if isinstance(error, ClientError) else ""
                if code.startswith("NotFound"):
                    return {}
                if wait is None or not code.startswith(_THROTTLED):
                    raise translate(error) from error
                self._sleep(wait)
            else:
                return answer
        raise AssertionError  # the last turn returns or raises


def permissions(*, changing: bool) -> tuple[Permission, ...]:
    """Return the IAM permissions that reading the list needs, or changing it as well."""
    return (Permission((*_READS, *_WRITES) if changing else _READS),)


def _read(answer: dict[str, Any]) -> SuppressedDestination:
    return SuppressedDestination(answer["EmailAddress"], answer["Reason"], to_ms(answer["LastUpdateTime"]))
