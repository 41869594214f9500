"""What an error of AWS says, read into facts that a rule can be written against."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from config_service.providers.base import Email
from config_service.providers.mailboxes import ascii_address
from config_service.providers.provider_texts import safe_text
from shared.addresses import comparable

_ACTION = re.compile(r"not authorized to perform:? [`'\"]?(?P<action>[a-z0-9-]+:[A-Za-z]+)")
_CONFIGURATION_SET = re.compile(
    r"configuration set:? (?!(?:does|doesn't|is|was)\b)[<`'\"]?(?P<name>[A-Za-z0-9_-]{1,64})", re.IGNORECASE
)
_ADDRESS = re.compile(r"[^\s<>,;:]+@[^\s<>,;:]+[A-Za-z0-9]")

Matcher = Callable[["AwsFailure"], bool]


@dataclass(frozen=True, slots=True)
class AwsFailure:
    """One refusal: AWS's error code, its text, the HTTP status, the operation and what was to be sent."""

    code: str
    text: str
    status: int
    operation: str
    email: Email
    region: str

    @property
    def action(self) -> str:
        """The IAM action that AWS names as missing, or else the one that sending needs."""
        found = _ACTION.search(self.text)
        return found["action"] if found else "ses:SendEmail"

    @property
    def configuration_set(self) -> str:
        """The configuration set that AWS names, or else the one that the message asked for."""
        found = _CONFIGURATION_SET.search(self.text)
        return found["name"] if found else (self.email.configuration_set or "of the identity")

    @property
    def only_the_recipient_failed(self) -> bool:
        """Whether the recipient is among the identities that AWS calls unverified, and the sender is not."""
        failed = {comparable(address) for address in _ADDRESS.findall(self.text)}
        recipient, sender = (
            comparable(ascii_address(address)) for address in (self.email.recipient, self.email.from_address)
        )
        return recipient in failed and sender not in failed

    def facts(self) -> dict[str, str]:
        """Return what a rule's texts may name: nothing secret, and no recipient's address."""
        return {
            "aws_code": self.code,
            "said": safe_text(self.text, self.email.recipient),
            "sender": self.email.from_address,
            "region": self.region,
            "action": self.action,
            "configuration_set": self.configuration_set,
        }


def read_failure(error: ClientError, email: Email, region: str) -> AwsFailure:
    """Return the facts in `error`, which botocore leaves incomplete where the answer was."""
    detail = error.response.get("Error", {})
    return AwsFailure(
        code=str(detail.get("Code") or "Unknown"),
        text=str(detail.get("Message") or ""),
        status=int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0),
        operation=error.operation_name,
        email=email,
        region=region,
    )


def coded(*codes: str) -> Matcher:
    """Match AWS's error codes, with or without the `Exception` that some of its protocols append."""
    wanted = {code.removesuffix("Exception") for code in codes}
    return lambda failure: failure.code.removesuffix("Exception") in wanted


def saying(pattern: str) -> Matcher:
    """Match AWS's text against a regular expression, whatever the case of its letters."""
    shape = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda failure: shape.search(failure.text) is not None


def all_of(*matchers: Matcher) -> Matcher:
    """Match where every one of `matchers` does."""
    return lambda failure: all(matcher(failure) for matcher in matchers)


def any_of(*matchers: Matcher) -> Matcher:
    """Match where at least one of `matchers` does."""
    return lambda failure: any(matcher(failure) for matcher in matchers)
