"""Topic, queue and subscription against moto, configuration sets against botocore's stubber: rule by rule."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from botocore.stub import Stubber

from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.refusals import AwsDeniedError, AwsRefusedError, translate
from config_service.providers.aws_setup.resource import Action
from config_service.providers.aws_setup.statements import (
    read_policy,
    same,
    statements_of,
    with_statement,
    without_statement,
)
from config_service.providers.aws_setup.subscription import LONGEST_RETRYING, RETRY_POLICY
from config_service.providers.aws_setup.topic import Topic
from config_service.providers.base import ProviderUnavailableError

TOPIC = "arn:aws:sns:us-east-1:123456789012:events"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:events-dead-letters"
ENDPOINT = "https://clinics.example/api/v1/webhooks/ses"


def _policy(account: AccountResources) -> dict[str, Any]:
    attributes = account.account.client("sns").get_topic_attributes(TopicArn=TOPIC)["Attributes"]
    return {each["Sid"]: each for each in json.loads(attributes["Policy"])["Statement"]}


def _said(topic: Topic) -> list[str]:
    """Return what a plan says of the policy: moto keeps no SignatureVersion, so a plan always speaks of it."""
    return [text for text in topic.plan().details if not text.startswith("signature version")]


def test_the_retries_use_the_whole_time_that_sns_allows_and_no_more() -> None:
    policy = RETRY_POLICY
    no_delay, least, most = (
        policy[name] for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
    )
    assert no_delay + least + most == policy["numRetries"] <= 100  # nothing is left for a backoff phase
    assert least * policy["minDelayTarget"] + most * policy["maxDelayTarget"] == LONGEST_RETRYING == 3600
    assert 1 <= policy["minDelayTarget"] <= policy["maxDelayTarget"] <= 3600


def test_an_account_that_is_known_no_more_leaves_the_policy_only_when_all_are_known(
    account: AccountResources,
) -> None:
    account.topic("events", {"111111111111", "222222222222"}).apply()
    unsure = account.topic("events", {"111111111111", "333333333333"}, all_known=False)
    unsure.apply()
    state = unsure.observe()
    assert state is not None
    assert state.accounts == {"111111111111", "222222222222", "333333333333"}
    sure = account.topic("events", {"111111111111"})
    assert _said(sure) == ["SES publishes for 111111111111, no more for 222222222222, 333333333333"]
    sure.apply()
    assert _said(sure) == []


def test_a_statement_that_lets_ses_publish_for_anybody_is_kept_and_named(account: AccountResources) -> None:
    wide = {
        "Sid": "wide",
        "Effect": "Allow",
        "Principal": {"Service": "ses.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
    }
    sns = account.account.client("sns")
    sns.create_topic(Name="events", Attributes={"Policy": json.dumps({"Statement": wide})})
    topic = account.topic("events", {"123456789012"})
    topic.apply()
    assert set(_policy(account)) == {"wide", "ClinicMailSesPublishes"}
    assert _said(topic) == ["the statement wide lets SES publish for anybody"]


def test_a_topic_keeps_a_policy_when_only_our_statement_was_in_it(account: AccountResources) -> None:
    account.topic("events", {"123456789012"}).apply()
    account.account.client("sns").untag_resource(ResourceArn=TOPIC, TagKeys=["clinic-mail:made-by"])
    topic = account.topic("events")
    assert topic.plan_removal().action == Action.REMOVE
    topic.remove()
    assert list(_policy(account)) == ["Owner"]
    assert topic.plan_removal().action == Action.LEAVE


def test_a_queues_policy_of_others_outlives_a_removal(account: AccountResources) -> None:
    sqs = account.account.client("sqs")
    mine = {
        "Sid": "mine",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:ReceiveMessage",
        "Resource": QUEUE,
    }
    url = sqs.create_queue(
        QueueName="events-dead-letters", Attributes={"Policy": json.dumps({"Statement": [mine]})}
    )["QueueUrl"]
    queue = account.dead_letter_queue("events-dead-letters", TOPIC)
    assert queue.plan().details == ("keeps messages for 14 days", "lets the topic send")
    queue.apply()
    assert queue.plan().action == Action.UNCHANGED
    queue.remove()
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    assert [each["Sid"] for each in json.loads(attributes["Policy"])["Statement"]] == ["mine"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("RawMessageDelivery", "true", "raw delivery off"),
        ("DeliveryPolicy", '{"healthyRetryPolicy": {"numRetries": 3}}', "SNS tries for 3,600 s"),
        ("RedrivePolicy", '{"deadLetterTargetArn": "arn:x"}', f"dead letters go to {QUEUE}"),
    ],
)
def test_each_wrong_attribute_of_a_subscription_is_put_right(
    account: AccountResources, name: str, value: str, said: str
) -> None:
    account.topic("events", {"123456789012"}).apply()
    subscription = account.subscription(TOPIC, ENDPOINT, QUEUE)
    subscription.apply()
    assert subscription.plan().action == Action.UNCHANGED
    state = subscription.observe()
    assert state is not None
    account.account.client("sns").set_subscription_attributes(
        SubscriptionArn=state.arn, AttributeName=name, AttributeValue=value
    )
    assert subscription.plan().details == (said,)
    subscription.apply()
    assert subscription.plan().action == Action.UNCHANGED


def _destination(name: str, *types: str, topic: str = TOPIC, enabled: bool = True) -> dict[str, Any]:
    return {
        "Name": name,
        "Enabled": enabled,
        "MatchingEventTypes": list(types),
        "SnsDestination": {"TopicArn": topic},
    }


ALL = ("BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "REJECT", "RENDERING_FAILURE")


@pytest.mark.parametrize(
    ("destinations", "missing"),
    [
        ([_destination("any", *ALL)], ""),
        ([_destination("a", *ALL[:3]), _destination("b", *ALL[3:], "OPEN")], ""),
        ([_destination("a", *ALL, enabled=False)], ", ".join(ALL)),
        ([_destination("a", *ALL, topic=f"{TOPIC}-other")], ", ".join(ALL)),
        ([_destination("a", *ALL[1:])], "BOUNCE"),
        ([{"Name": "cloudwatch", "Enabled": True, "MatchingEventTypes": list(ALL)}], ", ".join(ALL)),
        ([], ", ".join(ALL)),
    ],
)
def test_a_configuration_set_needs_each_event_at_the_topic_by_whichever_destination(
    account: AccountResources, destinations: list[dict[str, Any]], missing: str
) -> None:
    with Stubber(account.account.client("sesv2")) as ses:
        ses.add_response("get_configuration_set", {"Tags": []}, {"ConfigurationSetName": "s"})
        answer = {"EventDestinations": destinations}
        ses.add_response("get_configuration_set_event_destinations", answer, {"ConfigurationSetName": "s"})
        step = account.configuration_set("s", TOPIC, "ours").plan()
    assert step.details == ((f"publishes {missing} as well",) if missing else ())
    assert step.action == (Action.UPDATE if missing else Action.UNCHANGED)


@pytest.mark.parametrize(
    ("code", "status", "error", "said"),
    [
        ("AuthorizationError", 403, AwsDeniedError, "--print-policy"),
        ("AccessDeniedException", 400, AwsDeniedError, "--print-policy"),
        ("InvalidClientTokenId", 403, AwsRefusedError, "access key"),
        ("Throttling", 400, ProviderUnavailableError, "goes on where it stopped"),
        ("InternalError", 500, ProviderUnavailableError, "goes on where it stopped"),
        ("QueueDeletedRecently", 400, AwsRefusedError, "60 seconds"),
        ("Whatever", 400, AwsRefusedError, "run again"),
    ],
)
def test_what_aws_refuses_says_what_to_do(code: str, status: int, error: type[Exception], said: str) -> None:
    answer = {
        "Error": {"Code": code, "Message": "its own words"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    found = translate(ClientError(answer, "CreateTopic"))  # type: ignore[arg-type]
    assert type(found) is error
    assert "CreateTopic: its own words" in found.message
    assert said in found.hint


def test_no_answer_and_no_credentials_are_told_apart() -> None:
    assert translate(NoCredentialsError()).code == "aws_no_credentials"
    assert translate(EndpointConnectionError(endpoint_url="x")).code == "aws_unavailable"


def test_a_policy_changes_by_our_statement_alone() -> None:
    ours, other = {"Sid": "ours", "Action": "a"}, {"Sid": "other"}
    assert with_statement({}, ours) == {"Version": "2012-10-17", "Statement": [ours]}
    assert with_statement({"Version": "2008-10-17", "Id": "x", "Statement": other}, ours) == {
        "Version": "2008-10-17",
        "Id": "x",
        "Statement": [other, ours],
    }
    changed = with_statement({"Statement": [{"Sid": "ours", "Action": "b"}, other]}, ours)
    assert changed["Statement"] == [other, ours]
    assert statements_of(without_statement(changed, "ours")) == [other]
    assert read_policy("") == read_policy(None) == {}


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"a": ["x"]}, {"a": "x"}, True),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, True),
        ({"a": ["x", "y"]}, {"a": ["x"]}, False),
        ({"a": {"b": "x"}}, {"a": {"b": "y"}}, False),
        (None, {"a": "x"}, False),
    ],
)
def test_statements_are_compared_as_aws_may_write_them(one: Any, other: Any, equal: bool) -> None:
    assert same(one, other) is equal
