"""Signatures against hand-written expectations and `cryptography` itself."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from local_aws.envelopes import Envelope, EnvelopeMaker, Message, body, confirmation, headers, timestamp
from local_aws.signing import MessageSigner, string_to_sign

TOPIC = "arn:aws:sns:us-east-1:123456789012:MyTopic"
HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}


@pytest.fixture(scope="module")
def signer() -> MessageSigner:
    return MessageSigner()


@pytest.fixture(scope="module")
def maker(signer: MessageSigner) -> EnvelopeMaker:
    return EnvelopeMaker(signer, "http://127.0.0.1:5055")


def message(**fields: Any) -> Message:
    return Message(TOPIC, "Grüße\nzwei", message_id="abc", timestamp="2026-01-02T03:04:05.678Z", **fields)


def verify(signer: MessageSigner, envelope: Envelope, expected: str) -> None:
    public = x509.load_pem_x509_certificate(signer.certificate_pem).public_key()
    public.verify(
        base64.b64decode(envelope["Signature"]),
        expected.encode(),
        padding.PKCS1v15(),
        HASHES[envelope["SignatureVersion"]](),
    )


WITHOUT_SUBJECT = (
    "Message\nGrüße\nzwei\nMessageId\nabc\nTimestamp\n2026-01-02T03:04:05.678Z\n"
    f"TopicArn\n{TOPIC}\nType\nNotification\n"
)
WITH_SUBJECT = (
    "Message\nGrüße\nzwei\nMessageId\nabc\nSubject\nNews\nTimestamp\n2026-01-02T03:04:05.678Z\n"
    f"TopicArn\n{TOPIC}\nType\nNotification\n"
)


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(("subject", "expected"), [(None, WITHOUT_SUBJECT), ("News", WITH_SUBJECT)])
def test_a_notification_is_signed_over_its_documented_fields(
    signer: MessageSigner, maker: EnvelopeMaker, version: str, subject: str | None, expected: str
) -> None:
    envelope = maker.seal(message(subject=subject), "arn:sub", version)
    assert string_to_sign(envelope) == expected.encode()
    assert ("Subject" in envelope) == (subject is not None)
    verify(signer, envelope, expected)


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_a_confirmation_is_signed_over_its_documented_fields(
    signer: MessageSigner, maker: EnvelopeMaker, kind: str, version: str
) -> None:
    envelope = maker.seal(confirmation(kind, TOPIC, "token-1", "arn:sub"), "", version)
    url = f"http://127.0.0.1:5055/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=token-1"
    verify(
        signer,
        envelope,
        f"Message\n{envelope['Message']}\nMessageId\n{envelope['MessageId']}\nSubscribeURL\n{url}\n"
        f"Timestamp\n{envelope['Timestamp']}\nToken\ntoken-1\nTopicArn\n{TOPIC}\nType\n{kind}\n",
    )


def test_a_changed_message_does_not_verify(signer: MessageSigner, maker: EnvelopeMaker) -> None:
    envelope = maker.seal(message(), "arn:sub", "2")
    with pytest.raises(InvalidSignature):
        verify(signer, envelope, WITHOUT_SUBJECT.replace("zwei", "drei"))


def test_version_one_and_two_differ_in_the_hash_only(maker: EnvelopeMaker) -> None:
    one, two = (maker.seal(message(), "arn:sub", version) for version in ("1", "2"))
    assert one["Signature"] != two["Signature"]
    assert {k for k in one if one[k] != two[k]} == {"Signature", "SignatureVersion"}


def test_message_attributes_are_carried_but_not_signed(signer: MessageSigner, maker: EnvelopeMaker) -> None:
    envelope = maker.seal(message(attributes={"a": {"Type": "String", "Value": "b"}}), "arn:sub", "1")
    assert envelope["MessageAttributes"] == {"a": {"Type": "String", "Value": "b"}}
    verify(signer, envelope, WITHOUT_SUBJECT)


def test_the_certificate_looks_like_amazons(signer: MessageSigner) -> None:
    certificate = x509.load_pem_x509_certificate(signer.certificate_pem)
    assert certificate.subject.rfc4514_string() == "CN=sns.amazonaws.com"
    assert certificate.public_key().key_size == 2048
    assert certificate.not_valid_before_utc < datetime.now(UTC) < certificate.not_valid_after_utc
    assert signer.certificate_path.startswith("/SimpleNotificationService-")


def test_headers_name_the_subscription_except_when_it_is_being_confirmed() -> None:
    assert headers(message(), "arn:sub") == {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": "abc",
        "x-amz-sns-topic-arn": TOPIC,
        "x-amz-sns-subscription-arn": "arn:sub",
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    asked = confirmation("SubscriptionConfirmation", TOPIC, "t")
    assert "x-amz-sns-subscription-arn" not in headers(asked, "")


def test_raw_delivery_posts_the_bare_message(maker: EnvelopeMaker) -> None:
    envelope = maker.seal(message(), "arn:sub", "1")
    assert body(envelope, raw=True) == "Grüße\nzwei"
    assert headers(message(), "arn:sub", raw=True)["x-amz-sns-rawdelivery"] == "true"


def test_a_timestamp_has_milliseconds_and_a_z() -> None:
    assert timestamp(datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)) == "2026-01-02T03:04:05.678Z"
