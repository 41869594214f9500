"""Resource policies, changed by one statement of our own; whatever else stands there stays as it is.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import json
from typing import Any

Policy = dict[str, Any]
Statement = dict[str, Any]
VERSION = "2012-10-17"


def read_policy(text: str | None) -> Policy:
    """Return the policy in an attribute's text; an empty one where there is none."""
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def statements_of(policy: Policy) -> list[Statement]:
    """Return the statements; AWS also takes a single one that stands in no list."""
    found = policy.get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)


def statement_of(policy: Policy, sid: str) -> Statement | None:
    """Return the statement of this id, or None."""
    return next((each for each in statements_of(policy) if each.get("Sid") == sid), None)


def with_statement(policy: Policy, statement: Statement) -> Policy:
    """Return the policy with `statement` in the place of the one of its id, or at the end."""
    others = [each for each in statements_of(policy) if each.get("Sid") != statement["Sid"]]
    return {"Version": VERSION, **policy, "Statement": [*others, statement]}


def without_statement(policy: Policy, sid: str) -> Policy:
    """Return the policy without the statement of this id."""
    return {**policy, "Statement": [each for each in statements_of(policy) if each.get("Sid") != sid]}


def same(one: Any, other: Any) -> bool:
    """Whether two statements say the same: AWS may give a list of one back as its only member."""
    return bool(_plain(one) == _plain(other))


def only_statement(statement: Statement) -> str:
    """Return the text of a policy that says nothing else."""
    return json.dumps({"Version": VERSION, "Statement": [statement]})


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else sorted(map(_plain, value), key=str)
    return value
