"""Amazon Resource Names, as far as account and region are needed."""

from typing import NamedTuple


class Arn(NamedTuple):
    region: str
    account: str
    resource: str


def parse_arn(text: str) -> Arn:
    """Split `arn:partition:service:region:account:resource` (IAM User Guide, "Amazon Resource Names").

    Raise ValueError if it is none.
    """
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        raise ValueError(f"not an ARN: {text!r}")
    return Arn(region=parts[3], account=parts[4], resource=parts[5])
