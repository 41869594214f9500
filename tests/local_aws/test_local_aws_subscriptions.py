"""The handshake, and what a caller sees of the detour over the relay (nothing)."""

import base64

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from local_aws_live import Receiver, Stack

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def verify(envelope: dict[str, str], names: tuple[str, ...], algorithm: hashes.HashAlgorithm) -> None:
    """Verify like a receiver that has nothing but the envelope."""
    answer = requests.get(envelope["SigningCertURL"], timeout=5)
    assert answer.status_code == 200
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in names).encode()
    x509.load_pem_x509_certificate(answer.content).public_key().verify(
        base64.b64decode(envelope["Signature"]), signed, padding.PKCS1v15(), algorithm
    )


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_handshake_works_end_to_end_in_every_region(
    stack: Stack, receiver: Receiver, region: str
) -> None:
    topic = stack.topic(region)
    sns = stack.client("sns", region)
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    asked = receiver.wait(kind="SubscriptionConfirmation")[0]
    assert asked.headers["content-type"] == "text/plain; charset=UTF-8"
    assert asked.headers["user-agent"] == "Amazon Simple Notification Service Agent"
    assert asked.headers["x-amz-sns-topic-arn"] == topic
    assert asked.headers["x-amz-sns-message-id"] == asked.envelope["MessageId"]
    assert "x-amz-sns-subscription-arn" not in asked.headers
    fields = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    verify(asked.envelope, fields, hashes.SHA1())

    stack.publish(topic, message="too early")
    assert requests.get(asked.envelope["SubscribeURL"], timeout=5).status_code == 200
    sns.publish(TopicArn=topic, Message="after")
    told = receiver.wait()[0]
    assert told.envelope["Message"] == "after"
    verify(told.envelope, ("Message", "MessageId", "Timestamp", "TopicArn", "Type"), hashes.SHA1())
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert told.headers["x-amz-sns-subscription-arn"] == listed[0]["SubscriptionArn"]


def test_a_wrong_token_does_not_confirm(stack: Stack, topic: str) -> None:
    url = f"{stack.origin}/?Action=ConfirmSubscription&TopicArn={topic}&Token=wrong"
    assert requests.get(url, timeout=5).status_code == 400


def test_a_call_without_a_useful_arn_is_answered_by_ministack(stack: Stack) -> None:
    assert (
        requests.get(f"{stack.origin}/?Action=ConfirmSubscription&TopicArn=nonsense", timeout=5).status_code
        == 404
    )


def test_a_signed_confirmation_works_too(stack: Stack, topic: str, receiver: Receiver) -> None:
    stack.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url)
    token = receiver.wait(kind="SubscriptionConfirmation")[0].envelope["Token"]
    confirmed = stack.client("sns").confirm_subscription(TopicArn=topic, Token=token)
    assert confirmed["SubscriptionArn"].startswith(topic)


def test_callers_see_the_real_endpoint_and_not_the_relay(
    stack: Stack, topic: str, receiver: Receiver
) -> None:
    arn = stack.subscribe(topic, receiver)
    sns = stack.client("sns")
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["Endpoint"] == receiver.url
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"][0]["Endpoint"] == receiver.url
    pages = sns.get_paginator("list_subscriptions").paginate()
    endpoints = [item["Endpoint"] for page in pages for item in page["Subscriptions"]]
    assert receiver.url in endpoints
    assert not [endpoint for endpoint in endpoints if "_local/relay" in endpoint]


def test_subscribing_twice_gives_one_subscription(stack: Stack, topic: str, receiver: Receiver) -> None:
    arn = stack.subscribe(topic, receiver)
    again = stack.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url)
    assert again["SubscriptionArn"] == arn


def test_the_topics_signature_version_is_used(stack: Stack, receiver: Receiver) -> None:
    topic = stack.topic(SignatureVersion="2")
    stack.subscribe(topic, receiver)
    stack.client("sns").publish(TopicArn=topic, Message="m", Subject="s")
    envelope = receiver.wait()[0].envelope
    assert envelope["SignatureVersion"] == "2"
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    verify(envelope, names, hashes.SHA256())
    stack.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="1"
    )
    stack.client("sns").publish(TopicArn=topic, Message="m")
    assert receiver.wait(2)[1].envelope["SignatureVersion"] == "1"


def test_message_attributes_and_message_id_survive_the_relay(
    stack: Stack, topic: str, heard: Receiver
) -> None:
    published = stack.client("sns").publish(
        TopicArn=topic,
        Message="m",
        MessageAttributes={"colour": {"DataType": "String", "StringValue": "blue"}},
    )
    envelope = heard.wait()[0].envelope
    assert envelope["MessageId"] == published["MessageId"]
    assert envelope["MessageAttributes"] == {"colour": {"Type": "String", "Value": "blue"}}


def test_raw_delivery_can_be_subscribed_switched_off_and_on(
    stack: Stack, topic: str, receiver: Receiver
) -> None:
    arn = stack.subscribe(topic, receiver, RawMessageDelivery="true")
    sns = stack.client("sns")

    def raw_as_told() -> str:
        return sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["RawMessageDelivery"]

    assert raw_as_told() == "true"
    sent = sns.publish(TopicArn=topic, Message="bare")
    post = receiver.wait()[0]
    assert post.text == "bare"
    assert post.headers["x-amz-sns-rawdelivery"] == "true"
    assert post.headers["x-amz-sns-message-id"] == sent["MessageId"]

    for number, value in ((2, "false"), (3, "true")):
        sns.set_subscription_attributes(
            SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue=value
        )
        assert raw_as_told() == value
        sns.publish(TopicArn=topic, Message="bare")
        assert (receiver.wait(number)[-1].text == "bare") == (value == "true")


def test_other_attributes_are_ministacks(stack: Stack, topic: str, receiver: Receiver) -> None:
    arn = stack.subscribe(topic, receiver)
    stack.client("sns").set_subscription_attributes(
        SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue='{"kind": ["wanted"]}'
    )
    for kind in ("unwanted", "wanted"):
        stack.client("sns").publish(
            TopicArn=topic,
            Message=kind,
            MessageAttributes={"kind": {"DataType": "String", "StringValue": kind}},
        )
    assert receiver.wait()[0].envelope["Message"] == "wanted"


def test_unsubscribing_through_the_url_of_a_message_is_confirmed_to_the_endpoint(
    stack: Stack, receiver: Receiver
) -> None:
    topic = stack.topic("eu-central-1")
    arn = stack.subscribe(topic, receiver, "eu-central-1")
    stack.publish(topic)
    url = receiver.wait()[0].envelope["UnsubscribeURL"]
    assert requests.get(url, timeout=5).status_code == 200
    goodbye = receiver.wait(kind="UnsubscribeConfirmation")[0]
    assert arn in goodbye.envelope["Message"]
    assert (
        stack.client("sns", "eu-central-1").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    )


def test_unsubscribing_what_is_unknown_changes_nothing(stack: Stack) -> None:
    stack.client("sns").unsubscribe(SubscriptionArn="arn:aws:sns:us-east-1:123456789012:t:nothing")


def test_a_queue_subscribes_without_a_detour(stack: Stack, topic: str) -> None:
    sqs = stack.client("sqs")
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    told = stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert told["SubscriptionArn"].startswith(topic)
    stack.client("sns").publish(TopicArn=topic, Message="m")
    assert len(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]) == 1


def test_another_accounts_topic_is_not_mixed_up(stack: Stack, receiver: Receiver) -> None:
    with pytest.raises(ClientError, match="NotFound"):
        stack.client("sns", account="999999999999").subscribe(
            TopicArn="arn:aws:sns:us-east-1:999999999999:none", Protocol="http", Endpoint=receiver.url
        )


def test_aws_endpoint_url_is_all_that_boto3_needs(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.origin)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    sts = boto3.client("sts", region_name="eu-central-1")
    assert sts.get_caller_identity()["Account"] == "111111111111"
