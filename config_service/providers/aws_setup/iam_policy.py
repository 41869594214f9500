"""The least-privilege IAM policy of a run, put together from what its resources say that they need.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from config_service.providers.aws_setup.resource import Permission
from config_service.providers.aws_setup.statements import VERSION


def iam_policy(permissions: Iterable[Permission]) -> dict[str, Any]:
    """Return a policy that allows exactly `permissions`: one statement for what the same actions are on."""
    by_arn: dict[str, set[str]] = {}
    for permission in permissions:
        by_arn.setdefault(permission.arn, set()).update(permission.actions)
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for arn, actions in by_arn.items():
        by_actions.setdefault(tuple(sorted(actions)), []).append(arn)
    return {"Version": VERSION, "Statement": [_statement(*each) for each in by_actions.items()]}


def _statement(actions: Iterable[str], arns: list[str]) -> Mapping[str, Any]:
    resource = arns[0] if len(arns) == 1 else sorted(arns)
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource}
