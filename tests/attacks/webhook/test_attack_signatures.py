"""One signature, many messages: what SNS signed must be read in one way only."""

import base64
import json
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from sns_kit import TOPIC, FakeConfigService, Post, Sns, sample, text_that_sns_signs

pytestmark = pytest.mark.usefixtures("amazon")

NOT_BELIEVED = {(403, "bad_signature"), (400, "not_an_sns_message")}
ID = "00000000-0000-4000-8000-000000000000"


def _refused(response: Any, config_service: FakeConfigService) -> None:
    assert (response.status_code, response.json["code"]) in NOT_BELIEVED
    assert config_service.events == []


@pytest.mark.parametrize("said", ["0", "3", "10", "01", "1 ", "2.0", "-1", "v2", "\uff12", "", "null"])
def test_there_are_two_versions(said: str, post: Post, sns: Sns, config_service: FakeConfigService) -> None:
    """Each message bears a signature that would be right for version 1 or for version 2."""
    for real in ("1", "2"):
        envelope = sns.notification(sample("event_complaint"), SignatureVersion=real)
        _refused(post(envelope | {"SignatureVersion": said}), config_service)


@pytest.mark.parametrize(("real", "said"), [("1", "2"), ("2", "1")])
@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_versions_cannot_be_swapped(
    *, kind: str, real: str, said: str, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    make = sns.notification if kind == "Notification" else sns.confirmation
    envelope = make(
        *([sample("event_complaint")] if kind == "Notification" else [kind]), SignatureVersion=real
    )
    _refused(post(envelope | {"SignatureVersion": said}), config_service)


@pytest.mark.parametrize(
    "hashed",
    [hashes.SHA224(), hashes.SHA384(), hashes.SHA512(), hashes.MD5()],
    ids=lambda hashed: hashed.name,
)
@pytest.mark.parametrize("version", ["1", "2"])
def test_no_other_hash_is_taken(
    hashed: Any, version: str, key: rsa.RSAPrivateKey, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    envelope = sns.notification(sample("event_complaint"), SignatureVersion=version)
    signature = key.sign(text_that_sns_signs(envelope).encode(), padding.PKCS1v15(), hashed)
    _refused(post(envelope | {"Signature": base64.b64encode(signature).decode()}), config_service)


def test_no_other_padding_is_taken(
    key: rsa.RSAPrivateKey, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    envelope = sns.notification(sample("event_complaint"), SignatureVersion="2")
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
    signature = key.sign(text_that_sns_signs(envelope).encode(), pss, hashes.SHA256())
    _refused(post(envelope | {"Signature": base64.b64encode(signature).decode()}), config_service)


def _of(key: rsa.RSAPrivateKey, text: str, **fields: Any) -> dict[str, Any]:
    """Return a message that bears the right signature of `text`, whatever its fields say."""
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA1())
    return fields | {"Signature": base64.b64encode(signature).decode(), "SignatureVersion": "1"}


def test_the_canonical_form_is_that_of_the_type(
    key: rsa.RSAPrivateKey, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    """A notification signed in the form of a confirmation is none, nor the other way round."""
    notification = sns.notification(sample("event_complaint"), Token="t", SubscribeURL="u")
    confirmation = sns.confirmation()
    as_confirmation = "".join(
        f"{name}\n{notification[name]}\n"
        for name in ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    )
    as_notification = "".join(
        f"{name}\n{confirmation[name]}\n"
        for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    )
    _refused(post(_of(key, as_confirmation, **notification)), config_service)
    _refused(post(_of(key, as_notification, **confirmation)), config_service)


@pytest.mark.parametrize("claimed", ["SubscriptionConfirmation", "UnsubscribeConfirmation", "Notification"])
@pytest.mark.parametrize("real", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_a_type_cannot_be_changed(
    real: str, claimed: str, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    """Above all the end of a subscription cannot be made its confirmation."""
    if real != claimed:
        _refused(post(sns.confirmation(real) | {"Type": claimed}), config_service)


@pytest.mark.parametrize("order", [("Type", "Message"), ("MessageId", "Message")], ids=str)
def test_fields_are_signed_in_their_order(
    order: tuple[str, str], key: rsa.RSAPrivateKey, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    envelope = sns.notification(sample("event_complaint"))
    names = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
    names.sort(key=lambda name: order.index(name) if name in order else 9)
    text = "".join(f"{name}\n{envelope[name]}\n" for name in names)
    if text != text_that_sns_signs(envelope):
        _refused(post(_of(key, text, **envelope)), config_service)


SIGNED = {
    "Type": "Notification",
    "MessageId": ID,
    "TopicArn": TOPIC,
    "Subject": "a subject",
    "Message": '{"eventType": "Open"}\nMessageId\n11111111-1111-4111-8111-111111111111',
    "Timestamp": "2026-01-31T12:00:00.000Z",
    "SignatureVersion": "1",
}

MOVED: dict[str, dict[str, Any]] = {
    "the end of Message to MessageId": {
        "Message": '{"eventType": "Open"}',
        "MessageId": f"11111111-1111-4111-8111-111111111111\nMessageId\n{ID}",
    },
    "Subject to MessageId": {"MessageId": f"{ID}\nSubject\na subject", "Subject": None},
    "Timestamp to Subject": {
        "Subject": "a subject\nTimestamp\n2026-01-31T12:00:00.000Z",
        "Timestamp": "",
    },
    "MessageId to Message": {
        "Message": f"{SIGNED['Message']}\nMessageId\n{ID}",
        "MessageId": "",
    },
    "TopicArn to Timestamp": {"Timestamp": f"2026-01-31T12:00:00.000Z\nTopicArn\n{TOPIC}", "TopicArn": ""},
    "Type to TopicArn": {"TopicArn": f"{TOPIC}\nType\nNotification", "Type": ""},
    "a line before": {"Message": f"\n{SIGNED['Message']}"},
    "a line behind": {"Message": f"{SIGNED['Message']}\n"},
    "returns for lines": {"Message": SIGNED["Message"].replace("\n", "\r\n")},
    "another kind of line": {"Message": SIGNED["Message"].replace("\n", "\u2028")},
    "a blank behind": {"MessageId": f"{ID} "},
    "a subject of nothing": {"Subject": ""},
    "no subject": {"Subject": None},
    "another subject": {"Subject": "A subject"},
    "another form of a letter": {"Subject": "a sub\u00adject"},
    "a time of the same moment": {"Timestamp": "2026-01-31T12:00:00.0Z"},
    "a time without a fraction": {"Timestamp": "2026-01-31T12:00:00Z"},
    "a time of another zone": {"Timestamp": "2026-01-31T13:00:00.000+01:00"},
}


@pytest.mark.parametrize("changes", MOVED.values(), ids=MOVED.keys())
def test_nothing_can_be_moved_between_signed_fields(
    changes: dict[str, Any], post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    envelope = sns.notification(SIGNED["Message"], **SIGNED)
    _refused(post(envelope | changes), config_service)
    assert post(envelope).status_code == 200, "unchanged it is believed"


@pytest.mark.parametrize(
    ("signed", "sent"), [("", None), (None, ""), ("null", None), ("None", None), (None, "null"), ("", " ")]
)
def test_no_subject_null_and_an_empty_one_are_told_apart(
    signed: str | None, sent: str | None, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    envelope = sns.notification(sample("event_complaint"), Subject=signed)
    _refused(post(envelope | {"Subject": sent}), config_service)
    assert post(envelope).status_code == 200


def test_a_subject_of_null_is_not_signed_as_a_word(
    key: rsa.RSAPrivateKey, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    """As in projects that put `str(None)` into the text."""
    envelope = sns.notification(sample("event_complaint"), Subject=None)
    for word in ("None", "null", ""):
        text = text_that_sns_signs(envelope | {"Subject": word})
        _refused(post(_of(key, text, **envelope)), config_service)


def _doubled(envelope: dict[str, Any], name: str, forged: Any, *, first: bool) -> str:
    """Return JSON in which `name` stands twice."""
    text = json.dumps(envelope)
    pair = f"{json.dumps(name)}: {json.dumps(forged)}"
    return f"{{{pair}, {text[1:]}" if first else f"{text[:-1]}, {pair}}}"


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
@pytest.mark.parametrize("name", ["Message", "MessageId", "TopicArn", "Type", "SigningCertURL", "Signature"])
def test_a_key_that_stands_twice_is_refused(
    name: str, first: bool, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    envelope = sns.notification(sample("event_open"))
    forged = json.dumps(sample("event_complaint")) if name == "Message" else envelope[name]
    response = post(_doubled(envelope, name, forged, first=first))
    assert (response.status_code, response.json["code"]) == (400, "not_an_sns_message")
    assert config_service.events == []


def test_a_key_that_stands_twice_is_refused_in_another_spelling_too(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    envelope = sns.notification(sample("event_open"))
    text = json.dumps(envelope)
    forged = f'{text[:-1]}, "\\u004dessage": {json.dumps(json.dumps(sample("event_complaint")))}}}'
    _refused(post(forged), config_service)


def test_escapes_change_nothing_of_what_is_signed(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    """The values are signed, not their spelling: so every spelling of the same value is believed."""
    envelope = sns.notification(sample("event_complaint"), Subject="Gr\u00fc\u00dfe \U0001f600")
    assert post(json.dumps(envelope, ensure_ascii=True)).json["result"] == "recorded"
    assert post(json.dumps(envelope, ensure_ascii=False).encode()).json["result"] == "duplicate"
    spelt = json.dumps(envelope).replace("Complaint", "\\u0043omplaint")
    assert post(spelt).json["result"] == "duplicate"


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud83d", "\\uDE00\\uD83D", "\\u200b", "\\n"])
def test_an_escape_that_adds_something_is_refused(
    escape: str, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    for field in ("Message", "Subject", "TopicArn", "MessageId"):
        envelope = sns.notification(sample("event_complaint"))
        value = json.dumps(envelope[field])
        text = json.dumps(envelope).replace(value, f'{value[:-1]}{escape}"', 1)
        _refused(post(text), config_service)


@pytest.mark.parametrize("rest", ["x", "{}", ",", "}", "\0", "[]", "\ufeff", "//", " null"])
def test_nothing_may_stand_around_the_message(
    rest: str, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    text = json.dumps(sns.notification(sample("event_complaint")))
    for body in (text + rest, rest + text):
        _refused(post(body.encode()), config_service)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7", "utf-8-sig"])
def test_the_body_is_utf_8(encoding: str, post: Post, sns: Sns, config_service: FakeConfigService) -> None:
    text = json.dumps(sns.notification(sample("event_complaint"), Subject="+ADw-"))
    body = text.encode(encoding)
    if body != text.encode():
        _refused(post(body), config_service)


def test_the_empty_the_short_and_the_long_signature_are_refused(
    post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    envelope = sns.notification(sample("event_complaint"))
    signature = base64.b64decode(envelope["Signature"])
    spoilt = (b"", b"\0" * 256, b"\xff" * 256, signature[:-1], signature + b"\0", b"\0" + signature, b"\x01")
    for forged in spoilt:
        text = base64.b64encode(forged).decode()
        _refused(post(envelope | {"Signature": text}), config_service)


@pytest.mark.parametrize(
    "spoil", [str.lower, lambda text: text + "=", lambda text: text[:-1], lambda t: t + "AA"]
)
def test_the_signature_is_strict_base64(
    spoil: Any, post: Post, sns: Sns, config_service: FakeConfigService, amazon: responses.RequestsMock
) -> None:
    envelope = sns.notification(sample("event_complaint"))
    _refused(post(envelope | {"Signature": spoil(envelope["Signature"])}), config_service)


@pytest.mark.parametrize("name", ["MessageAttributes", "UnsubscribeURL", "SequenceNumber", "Extra"])
def test_what_is_not_signed_changes_nothing(
    name: str, post: Post, sns: Sns, config_service: FakeConfigService
) -> None:
    forged = {"Type": "String", "Value": "clinic-2", "eventType": "Complaint", "Message": "forged"}
    envelope = sns.notification(sample("event_open"))
    assert post(envelope | {name: forged}).json["result"] == "recorded"
    assert post(envelope).json["result"] == "duplicate"
