"""SNS's envelope and the string that SNS signs, the latter held against strings written out by hand."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.sns import TOPIC_ARN, MalformedMessageError, parse_envelope, string_to_sign

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no bug

# Two of AWS's own examples, https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
    "Subject": "My First Message",
    "Message": "Hello world!",
    "Timestamp": "2012-05-02T00:54:06.655Z",
    "SignatureVersion": "1",
    "Signature": "EXAMPLEw6JRN...",
    "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
    "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=arn",
}
CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
    "Token": "2336412f37",
    "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
    "Message": "You have chosen to subscribe to the topic.\nTo confirm, visit the SubscribeURL.",
    "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-west-2:123456789012:MyTopic&Token=2336412f37",
    "Timestamp": "2012-04-26T20:45:04.751Z",
    "SignatureVersion": "1",
    "Signature": "EXAMPLEpH+DcEwjAPg8O9mY8dReBSwksfg2S7WKQcikcNKWLQjwu6A4VbeS0QHVCkhRS7fUQvi2egU3N858fiTDN6bkkOxYDVrY0Ad8L10Hs3zH81mtnPk5uvvolIC1CXGu43obcgFxeL3khZl8IKvO61GWB6jI9b5+gLPoBc1Q=",
    "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
}


def _body(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_the_string_of_a_notification_with_a_subject() -> None:
    assert string_to_sign(parse_envelope(_body(NOTIFICATION))) == (
        b"Message\nHello world!\n"
        b"MessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\n"
        b"Subject\nMy First Message\n"
        b"Timestamp\n2012-05-02T00:54:06.655Z\n"
        b"TopicArn\narn:aws:sns:us-west-2:123456789012:MyTopic\n"
        b"Type\nNotification\n"
    )


@pytest.mark.parametrize("subject", ["null", "absent"])
def test_the_string_of_a_notification_without_a_subject_has_none(subject: str) -> None:
    document: dict[str, Any] = NOTIFICATION | {"Subject": None}
    if subject == "absent":
        del document["Subject"]
    assert string_to_sign(parse_envelope(_body(document))) == (
        b"Message\nHello world!\n"
        b"MessageId\n22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\n"
        b"Timestamp\n2012-05-02T00:54:06.655Z\n"
        b"TopicArn\narn:aws:sns:us-west-2:123456789012:MyTopic\n"
        b"Type\nNotification\n"
    )


@pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_the_string_of_a_confirmation_has_token_and_url(kind: str) -> None:
    assert string_to_sign(parse_envelope(_body(CONFIRMATION | {"Type": kind, "Subject": "x"}))) == (
        b"Message\nYou have chosen to subscribe to the topic.\nTo confirm, visit the SubscribeURL.\n"
        b"MessageId\n165545c9-2a5c-472c-8df2-7ff2be2b3b1b\n"
        b"SubscribeURL\nhttps://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription"
        b"&TopicArn=arn:aws:sns:us-west-2:123456789012:MyTopic&Token=2336412f37\n"
        b"Timestamp\n2012-04-26T20:45:04.751Z\n"
        b"Token\n2336412f37\n"
        b"TopicArn\narn:aws:sns:us-west-2:123456789012:MyTopic\n"
        b"Type\n" + kind.encode() + b"\n"
    )


def test_the_string_is_in_utf_8() -> None:
    signed = string_to_sign(parse_envelope(_body(NOTIFICATION | {"Message": "Grüße 😀"})))
    assert signed.startswith("Message\nGrüße 😀\nMessageId\n".encode())


def test_the_envelope_tells_what_it_claims() -> None:
    envelope = parse_envelope(_body(NOTIFICATION | {"MessageAttributes": {}, "New": None}))
    assert envelope.type == "Notification"
    assert envelope.message_id == NOTIFICATION["MessageId"]
    assert envelope.topic_arn == NOTIFICATION["TopicArn"]
    assert envelope.region == "us-west-2"
    assert envelope.message == "Hello world!"
    assert envelope.at == datetime(2012, 5, 2, 0, 54, 6, 655000, tzinfo=UTC)


@pytest.mark.parametrize("field", sorted(NOTIFICATION.keys() - {"Subject", "UnsubscribeURL"}))
@pytest.mark.parametrize("value", [None, 1, True, [], {}], ids=str)
def test_a_field_that_is_missing_or_no_text_is_named(field: str, value: Any) -> None:
    with pytest.raises(MalformedMessageError, match=field):
        parse_envelope(_body(NOTIFICATION | {field: value}))


@pytest.mark.parametrize("field", ["Token", "SubscribeURL"])
@pytest.mark.parametrize("value", [None, 1, "two\nlines", "two\rlines"], ids=repr)
def test_a_confirmation_needs_token_and_url(field: str, value: Any) -> None:
    with pytest.raises(MalformedMessageError, match=field):
        parse_envelope(_body(CONFIRMATION | {field: value}))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xff", "cannot be decoded"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b'{"Type": "x", "Type": "y"}', "twice"),
        (b'{"a": {"b": 1, "b": 2}}', "twice"),
        (b"9" * 5000, "not JSON"),
        (b'{"notificationType": "Bounce"}', "raw message delivery is switched on"),
        (b'{"eventType": "Bounce"}', "raw message delivery is switched on"),
        (b'{"Type": ["Notification"]}', "none of"),
    ],
    ids=range(10),
)
def test_a_body_that_is_no_message_says_why(body: bytes, why: str) -> None:
    with pytest.raises(MalformedMessageError, match=why):
        parse_envelope(body)


@pytest.mark.parametrize("field", ["Message", "Subject", "Signature"])
def test_half_a_surrogate_pair_is_no_text(field: str) -> None:
    with pytest.raises(MalformedMessageError, match="surrogate"):
        parse_envelope(_body(NOTIFICATION | {field: json.loads('"\\udc00"')}))


@pytest.mark.parametrize(
    "changes",
    [
        {"MessageId": "22B80B92-FDEA-4C2C-8F9D-BDFB0C7BF324"},
        {"MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324\nSubject\nx"},
        {"Timestamp": "2012-05-02T00:54:06.655+00:00"},
        {"Timestamp": "2012-13-02T00:54:06.655Z"},
        {"Timestamp": "2012-05-02T00:54:06.655Z\n"},
        {"TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic\n"},
        {"Subject": "x\nTimestamp\n2012-05-02T00:54:06.655Z"},
    ],
    ids=str,
)
def test_no_field_can_pretend_to_be_two(changes: dict[str, str]) -> None:
    """Else one signature would fit several messages."""
    with pytest.raises(MalformedMessageError):
        parse_envelope(_body(NOTIFICATION | changes))


@pytest.mark.parametrize(
    ("arn", "good"),
    [
        ("arn:aws:sns:us-east-1:123456789012:topic", True),
        ("arn:aws:sns:ap-southeast-5:123456789012:topic_A-1", True),
        ("arn:aws:sns:us-east-1:123456789012:topic.fifo", True),
        ("arn:aws-cn:sns:cn-north-1:123456789012:topic", True),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:topic", True),
        ("arn:aws:sns:s3-us-west-2:123456789012:topic", False),
        ("arn:aws:sns:us-east-1:12345:topic", False),
        ("arn:aws:sns:us-east-1:123456789012:", False),
        ("arn:aws:sns:us-east-1:123456789012:topic:subscription", False),
        ("arn:aws:sns::123456789012:topic", False),
        ("arn:aws:sqs:us-east-1:123456789012:topic", False),
    ],
)
def test_a_topics_arn_has_one_shape(arn: str, good: bool) -> None:
    assert bool(TOPIC_ARN.fullmatch(arn)) is good


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@CALM
@given(st.dictionaries(st.sampled_from(sorted(CONFIRMATION | NOTIFICATION)), json_values))
def test_any_body_is_an_envelope_or_malformed(changes: dict[str, Any]) -> None:
    for document in (NOTIFICATION, CONFIRMATION):
        with suppress(MalformedMessageError):
            string_to_sign(parse_envelope(_body(document | changes)))


@CALM
@given(st.binary())
def test_any_bytes_are_malformed(body: bytes) -> None:
    with pytest.raises(MalformedMessageError):
        parse_envelope(body)
