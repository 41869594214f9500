"""Subscriptions that wait for their confirmation, and identities whose records AWS has not found."""

from typing import Any

import pytest
import requests
from local_aws_live import Receiver, Stack, eventually

pytestmark = pytest.mark.enable_socket


def _subscribe(stack: Stack, topic: str, receiver: Receiver, **more: Any) -> str:
    answer = stack.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url, **more)
    return str(answer["SubscriptionArn"])


def _listed(stack: Stack, topic: str) -> str:
    (found,) = stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return str(found["SubscriptionArn"])


def test_a_pending_subscription_is_listed_without_its_arn_until_it_is_confirmed(
    stack: Stack, topic: str, receiver: Receiver
) -> None:
    assert _subscribe(stack, topic, receiver) == "pending confirmation"
    assert _listed(stack, topic) == "PendingConfirmation"
    (asked,) = receiver.wait(1, "SubscriptionConfirmation")
    requests.get(asked.envelope["SubscribeURL"], timeout=5)
    assert _listed(stack, topic).startswith(topic)


def test_whoever_asks_for_the_arn_of_a_pending_subscription_gets_it(
    stack: Stack, topic: str, receiver: Receiver
) -> None:
    arn = _subscribe(stack, topic, receiver, ReturnSubscriptionArn=True)
    assert arn.startswith(topic)
    attributes = stack.client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["PendingConfirmation"] == "true"


def test_a_repeated_subscribe_asks_again_and_the_answer_to_either_counts(
    stack: Stack, topic: str, receiver: Receiver
) -> None:
    _subscribe(stack, topic, receiver)
    first = receiver.wait(1, "SubscriptionConfirmation")[0]
    assert _subscribe(stack, topic, receiver) == "pending confirmation"
    second = receiver.wait(2, "SubscriptionConfirmation")[1]
    assert first.envelope["Token"] == second.envelope["Token"]
    requests.get(second.envelope["SubscribeURL"], timeout=5)
    assert eventually(lambda: _listed(stack, topic).startswith(topic))
    assert _subscribe(stack, topic, receiver).startswith(topic)  # and asks no more
    assert len(receiver.of_kind("SubscriptionConfirmation")) == 2


def test_a_custom_mail_from_domain_is_kept_and_forgotten_with_its_identity(stack: Stack) -> None:
    ses, name = stack.client("sesv2"), "mail-from.example"
    ses.create_email_identity(EmailIdentity=name)
    ses.put_email_identity_mail_from_attributes(EmailIdentity=name, MailFromDomain=f"mail.{name}")
    found = ses.get_email_identity(EmailIdentity=name)
    assert found["MailFromAttributes"]["MailFromDomain"] == f"mail.{name}"
    assert found["MailFromAttributes"]["MailFromDomainStatus"] == "SUCCESS"
    assert found["DkimAttributes"]["Status"] == "SUCCESS"
    ses.delete_email_identity(EmailIdentity=name)
    ses.create_email_identity(EmailIdentity=name)
    assert "MailFromDomain" not in ses.get_email_identity(EmailIdentity=name)["MailFromAttributes"]


def test_a_test_may_say_what_aws_found_of_an_identity(stack: Stack) -> None:
    ses, name = stack.client("sesv2"), "broken.example"
    ses.create_email_identity(EmailIdentity=name)
    ses.put_email_identity_mail_from_attributes(EmailIdentity=name, MailFromDomain=f"mail.{name}")
    stack.post("identities", {"identity": name, "verified": False, "dkim": "FAILED", "mailFrom": "PENDING"})
    found = ses.get_email_identity(EmailIdentity=name)
    assert found["VerifiedForSendingStatus"] is False
    assert (found["DkimAttributes"]["Status"], found["DkimAttributes"]["SigningEnabled"]) == ("FAILED", False)
    assert found["MailFromAttributes"]["MailFromDomainStatus"] == "PENDING"


def test_an_unknown_identity_has_no_mail_from_domain(stack: Stack) -> None:
    ses = stack.client("sesv2")
    with pytest.raises(ses.exceptions.NotFoundException):
        ses.put_email_identity_mail_from_attributes(
            EmailIdentity="unknown-identity.example", MailFromDomain="mail.unknown-identity.example"
        )
