"""What AWS answers, read by the real client against botocore's own models, without a network."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.stub import Stubber

from config_service.providers.aws_health.account_health import AccountHealth
from config_service.providers.aws_health.missing_action import missing_action
from config_service.providers.aws_health.permissions import ACTIONS
from config_service.providers.aws_health.records import AccessKey, Caller, SendingAccount, SendPoint
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import AwsDeniedError, AwsRefusedError, plainly

AT = datetime(2026, 1, 1, tzinfo=UTC)
MS = 1_767_225_600_000
ANSWERS: list[tuple[str, str, dict[str, Any], Any]] = [
    ("sts", "get_caller_identity", {"Account": "1" * 12, "Arn": "arn:aws:iam::111111111111:user/ses", "UserId": "AIDA"},
     Caller("1" * 12, "arn:aws:iam::111111111111:user/ses")),
    ("iam", "list_access_keys",
     {"AccessKeyMetadata": [{"UserName": "ses", "AccessKeyId": "A" * 16, "Status": "Inactive", "CreateDate": AT}]},
     (AccessKey("A" * 16, MS, active=False),)),
    ("sesv2", "get_account",
     {"ProductionAccessEnabled": True, "SendingEnabled": True, "EnforcementStatus": "PROBATION",
      "SendQuota": {"Max24HourSend": 200.0, "MaxSendRate": 1.0, "SentLast24Hours": 3.0},
      "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE"]}},
     SendingAccount(True, True, "PROBATION", 200.0, 3.0, 1.0, frozenset({"BOUNCE"}))),
    ("sesv2", "get_account", {}, SendingAccount(False, False, "HEALTHY", 0.0, 0.0, 0.0, frozenset())),
    ("ses", "get_send_statistics",
     {"SendDataPoints": [{"Timestamp": AT, "DeliveryAttempts": 9, "Bounces": 1, "Complaints": 0, "Rejects": 0}]},
     (SendPoint(MS, 9, 1, 0),)),
    ("ses", "get_send_statistics", {}, ()),
]  # fmt: skip
METHODS = {
    "get_caller_identity": AccountHealth.caller,
    "list_access_keys": AccountHealth.access_keys,
    "get_account": AccountHealth.sending,
    "get_send_statistics": AccountHealth.statistics,
}


@pytest.fixture
def account() -> AwsAccount:
    return AwsAccount(Credentials("AKIAIOSFODNN7EXAMPLE", "secret"), "us-east-1")


@pytest.fixture
def stubs(account: AwsAccount) -> Iterator[Any]:
    with ExitStack() as stack:
        yield lambda service: stack.enter_context(Stubber(account.client(service)))


@pytest.mark.parametrize(("service", "operation", "answer", "expected"), ANSWERS)
def test_an_answer_is_read(
    account: AwsAccount, stubs: Any, service: str, operation: str, answer: dict[str, Any], expected: Any
) -> None:
    stubs(service).add_response(operation, answer, {})
    assert METHODS[operation](AccountHealth(account)) == expected


@pytest.mark.parametrize(
    ("service", "operation", "code", "said", "action"),
    [
        (
            "sesv2",
            "get_account",
            "AccessDeniedException",
            "User: u is not authorized to perform: ses:GetAccount on resource: *",
            "ses:GetAccount",
        ),
        ("sesv2", "get_account", "AccessDeniedException", "no", "ses:GetAccount"),
        (
            "iam",
            "list_access_keys",
            "AccessDenied",
            "User: u is not authorized to perform: iam:ListAccessKeys on",
            "iam:ListAccessKeys",
        ),
        ("ses", "get_send_statistics", "AccessDenied", "no", "ses:GetSendStatistics"),
    ],
)
def test_a_denial_names_the_action(
    account: AwsAccount, stubs: Any, service: str, operation: str, code: str, said: str, action: str
) -> None:
    stubs(service).add_client_error(operation, code, said, 403)
    with pytest.raises(AwsDeniedError) as caught:
        METHODS[operation](AccountHealth(account))
    assert missing_action(caught.value) == action
    assert action in ACTIONS


def test_a_denial_of_reading_tags_names_both_actions_that_the_call_may_need(
    account: AwsAccount, stubs: Any
) -> None:
    stubs("sns").add_client_error("list_tags_for_resource", "AuthorizationError", "no", 403)
    with pytest.raises(AwsDeniedError) as caught:
        plainly(account.client("sns").list_tags_for_resource)(ResourceArn="arn:aws:sns:us-east-1:1:t")
    assert missing_action(caught.value) == "ses:ListTagsForResource or sns:ListTagsForResource"


def test_a_denial_that_came_of_no_call_points_at_what_aws_said() -> None:
    assert missing_action(AwsDeniedError("Denied.")) == "the action that AWS names"


def test_a_deleted_key_is_refused_and_not_denied(account: AwsAccount, stubs: Any) -> None:
    stubs("sts").add_client_error(
        "get_caller_identity", "InvalidClientTokenId", "The security token is invalid", 403
    )
    with pytest.raises(AwsRefusedError) as caught:
        AccountHealth(account).caller()
    assert not isinstance(caught.value, AwsDeniedError)


@pytest.mark.parametrize(("listed", "expected"), [("events", True), ("others", False)])
def test_a_topic_is_looked_for_among_all_pages(
    account: AwsAccount, stubs: Any, listed: str, expected: bool
) -> None:
    sns = stubs("sns")
    sns.add_response("list_topics", {"Topics": [{"TopicArn": "arn:a"}], "NextToken": "n"}, {})
    sns.add_response("list_topics", {"Topics": [{"TopicArn": f"arn:{listed}"}]}, {"NextToken": "n"})
    assert AccountHealth(account).lists_topic("arn:events") is expected
