"""Asks AWS about an account. Changes nothing.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
https://docs.aws.amazon.com/ses/latest/APIReference/API_GetSendStatistics.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html
"""

from datetime import datetime

from config_service.providers.aws_health.records import AccessKey, Caller, SendingAccount, SendPoint
from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import plainly

SERVICES = ("sts", "iam", "sesv2", "ses", "sns", "sqs")
_TOPIC_PAGES = 20  # of 100 topics each: more are not looked through for one


class AccountHealth:
    """One account in one region, by its credentials."""

    def __init__(self, account: AwsAccount) -> None:
        """Take the account."""
        self._account = account

    def prepare(self) -> None:
        """Make all clients: botocore builds them safely in one thread only."""
        for service in SERVICES:
            self._account.client(service)

    @plainly
    def caller(self) -> Caller:
        """Return whose credentials they are; it needs no permission."""
        answer = self._account.client("sts").get_caller_identity()
        return Caller(str(answer["Account"]), str(answer["Arn"]))

    @plainly
    def access_keys(self) -> tuple[AccessKey, ...]:
        """Return the caller's own keys, two at most."""
        answer = self._account.client("iam").list_access_keys()
        return tuple(
            AccessKey(each["AccessKeyId"], _ms(each["CreateDate"]), each["Status"] == "Active")
            for each in answer["AccessKeyMetadata"]
        )

    @plainly
    def sending(self) -> SendingAccount:
        """Return how the account may send."""
        answer = self._account.client("sesv2").get_account()
        quota = answer.get("SendQuota", {})
        return SendingAccount(
            production=bool(answer.get("ProductionAccessEnabled")),
            sending_enabled=bool(answer.get("SendingEnabled")),
            enforcement=str(answer.get("EnforcementStatus") or "HEALTHY"),
            most_per_day=float(quota.get("Max24HourSend", 0)),
            sent_last_day=float(quota.get("SentLast24Hours", 0)),
            most_per_second=float(quota.get("MaxSendRate", 0)),
            suppressed_reasons=frozenset(
                answer.get("SuppressionAttributes", {}).get("SuppressedReasons", ())
            ),
        )

    @plainly
    def statistics(self) -> tuple[SendPoint, ...]:
        """Return the last two weeks' mail by quarters of an hour, the oldest first."""
        points = self._account.client("ses").get_send_statistics().get("SendDataPoints", [])
        found = (
            SendPoint(_ms(each["Timestamp"]), each["DeliveryAttempts"], each["Bounces"], each["Complaints"])
            for each in points
        )
        return tuple(sorted(found, key=lambda point: point.at))

    @plainly
    def lists_topic(self, topic_arn: str) -> bool:
        """Whether the topic is among those that SES's console would offer."""
        pages = (
            self._account.client("sns")
            .get_paginator("list_topics")
            .paginate(PaginationConfig={"MaxItems": _TOPIC_PAGES * 100})
        )
        return any(each["TopicArn"] == topic_arn for page in pages for each in page.get("Topics", []))


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
