"""Reads resource policies for whether a service may do something for an account or a resource.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
Deny statements and conditions that are not asked about are left to AWS: the doctor looks for what is missing.
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from config_service.providers.aws_setup.statements import Policy, Statement, statements_of

_ACCOUNT = "aws:sourceaccount"
_SOURCE = "aws:sourcearn"


def allows_account(policy: Policy, service: str, action: str, account: str) -> bool:
    """Whether a statement lets `service` do `action` in the name of `account`."""
    for statement in _allowing(policy, service, action):
        accounts = _condition(statement, _ACCOUNT)
        sources = _condition(statement, _SOURCE)
        by_account = not accounts or account in accounts
        by_source = not sources or any(account in each or fnmatchcase(account, each) for each in sources)
        if by_account and by_source:
            return True
    return False


def allows_source(policy: Policy, service: str, action: str, source_arn: str) -> bool:
    """Whether a statement lets `service` do `action` in the name of a resource."""
    return any(
        not (sources := _condition(statement, _SOURCE))
        or any(fnmatchcase(source_arn, each) for each in sources)
        for statement in _allowing(policy, service, action)
    )


def _allowing(policy: Policy, service: str, action: str) -> Iterator[Statement]:
    for statement in statements_of(policy):
        principal, actions = json.dumps(statement.get("Principal")), _texts(statement.get("Action"))
        concerned = service in principal or '"*"' in principal
        fits = any(fnmatchcase(action.lower(), each.lower()) for each in actions)
        if statement.get("Effect") == "Allow" and concerned and fits:
            yield statement


def _condition(statement: Statement, name: str) -> list[str]:
    """Return the values that a condition asks of `name`, whichever operator it uses."""
    return [
        text
        for values in statement.get("Condition", {}).values()
        for key, value in values.items()
        if key.lower() == name
        for text in _texts(value)
    ]


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]
