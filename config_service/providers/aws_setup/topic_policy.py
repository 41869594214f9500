"""Who may publish to the topic: SES, for the accounts that are known here, and nobody else.

https://docs.aws.amazon.com/ses/latest/dg/configure-sns-notifications.html
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from config_service.providers.aws_setup.account import Place
from config_service.providers.aws_setup.statements import Policy, Statement, statement_of, statements_of

SID = "ClinicMailSesPublishes"
SES = "ses.amazonaws.com"


@dataclass(frozen=True, slots=True)
class TopicState:
    """A topic as it is."""

    signature_version: str
    policy: Policy
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts for which our statement lets SES publish."""
        statement = statement_of(self.policy, SID) or {}
        found = statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount", [])
        return frozenset([found] if isinstance(found, str) else found)

    def open_statements(self) -> list[str]:
        """Return the ids of the other statements that let SES publish whoever's account it works for."""
        return [
            str(each.get("Sid", "without an id"))
            for each in statements_of(self.policy)
            if each.get("Effect") == "Allow"
            and SES in json.dumps(each.get("Principal"))
            and "sourceaccount" not in json.dumps(each.get("Condition", {})).lower()
        ]


def publishing_statement(topic_arn: str, accounts: Collection[str]) -> Statement:
    """Return the statement that lets SES publish for `accounts`."""
    return {
        "Sid": SID,
        "Effect": "Allow",
        "Principal": {"Service": SES},
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {"StringEquals": {"aws:SourceAccount": sorted(accounts)}},
    }


def owners_statement(place: Place, topic_arn: str) -> Statement:
    """Return a statement that gives the topic's own account what it may do anyway: SNS wants one at least."""
    return {
        "Sid": "Owner",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{place.partition}:iam::{place.account}:root"},
        "Action": ["sns:GetTopicAttributes", "sns:SetTopicAttributes"],
        "Resource": topic_arn,
    }
