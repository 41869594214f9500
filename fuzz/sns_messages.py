"""Requests to the webhook: envelopes around SES's documents, signed for the most part, changed somewhere."""

import base64
import json
import uuid
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from benchmarks.messages import CERTIFICATE_PATH, certificate_of
from fuzz.exchanges import Request
from fuzz.mutations import as_json, damaged, junk, mutated

TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
CLINIC_TOPIC = "arn:aws:sns:us-east-1:123456789012:clinic-1-events"
HOST = "https://sns.us-east-1.amazonaws.com"
PATH = "/api/v1/webhooks/ses"
SAMPLES = [
    json.loads(path.read_text())
    for path in sorted((Path(__file__).resolve().parent.parent / "tests/shared/ses_samples").glob("*.json"))
]

_HASHES = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - as SNS does
_OF_NOTIFICATIONS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_OF_SUBSCRIPTIONS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_URLS = (
    HOST + "/SimpleNotificationService-ffffffffffffffffffffffffffffffff.pem",
    "https://sns.s3-us-west-2.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem",
    "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-01.pem",
    "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-01.pem",
    "file:///etc/passwd",
    "https://[::1",
    "https://sns.us-east-1.amazonaws.com:99999/SimpleNotificationService-01.pem",
    "//sns.us-east-1.amazonaws.com/x",
)
_ODD_NAMES = ("x-amz-sns-rawdelivery", "x-request-id", "Content-Type", "x-amz-sns-topic-arn")
_ODD_VALUES = ("true", "x" * 3000, 'a;b="c', "application/json", "")


class SnsMessages:
    """Makes requests as Amazon SNS does, and such as it never would."""

    def __init__(self, origin: str = HOST, key: rsa.RSAPrivateKey | None = None) -> None:
        """Take where the certificate is fetched from, and a key (default: a new one)."""
        self.key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate = certificate_of(self.key).public_bytes(serialization.Encoding.PEM)
        self.certificate_url = origin + CERTIFICATE_PATH
        self._origin = origin

    def request(self, rng: Random) -> Request:
        """Return one request."""
        envelope = self._signed(self._envelope(rng), rng)
        kind = rng.randrange(10)
        if kind >= 8:
            envelope = mutated(envelope, rng)
        body = damaged(as_json(envelope, rng), rng) if kind == 7 else as_json(envelope, rng)
        return Request("POST", PATH, body, _headers(envelope, rng))

    def _envelope(self, rng: Random) -> Any:
        if rng.random() < 0.1:
            return self._subscription(rng)
        envelope = {
            "Type": "Notification",
            "MessageId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "TopicArn": rng.choice((TOPIC, TOPIC, TOPIC, CLINIC_TOPIC)),
            "Subject": "Amazon SES Email Event Notification",
            "Message": _message(rng),
            "Timestamp": "2026-01-31T12:00:00.000Z",
            "SignatureVersion": rng.choice("12"),
            "Signature": "",
            "SigningCertURL": self.certificate_url,
            "UnsubscribeURL": f"{HOST}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:1",
        }
        return mutated(envelope, rng) if rng.random() < 0.25 else envelope

    def _subscription(self, rng: Random) -> Any:
        topic = rng.choice((TOPIC, CLINIC_TOPIC))
        envelope = {
            "Type": rng.choice(("SubscriptionConfirmation", "UnsubscribeConfirmation")),
            "MessageId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "Token": "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92",
            "TopicArn": topic,
            "Message": f"You have chosen to subscribe to the topic {topic}.",
            "SubscribeURL": f"{self._origin}/?Action=ConfirmSubscription&TopicArn={topic}&Token=2336412f",
            "Timestamp": "2026-01-31T12:00:00.000Z",
            "SignatureVersion": rng.choice("12"),
            "Signature": "",
            "SigningCertURL": self.certificate_url,
        }
        if rng.random() < 0.3:
            envelope["SubscribeURL"] = rng.choice((*_URLS, envelope["SubscribeURL"] + "&Action=Other"))
        return mutated(envelope, rng) if rng.random() < 0.3 else envelope

    def _signed(self, envelope: Any, rng: Random) -> Any:
        """Sign what can be signed, so that it is not turned away at the door; some URLs lead elsewhere."""
        if not isinstance(envelope, dict):
            return envelope
        if rng.random() < 0.05:
            envelope["SigningCertURL"] = rng.choice(_URLS)
        names = _OF_NOTIFICATIONS if envelope.get("Type") == "Notification" else _OF_SUBSCRIPTIONS
        present = [name for name in names if envelope.get(name) is not None]
        text = "".join(f"{name}\n{envelope[name]}\n" for name in present)
        version = envelope.get("SignatureVersion")
        hashed = _HASHES.get(version if isinstance(version, str) else "1", _HASHES["1"])
        signature = self.key.sign(text.encode("utf-8", "surrogatepass"), padding.PKCS1v15(), hashed)
        return {**envelope, "Signature": base64.b64encode(signature).decode()}


def _message(rng: Random) -> str:
    """Return what SES published: a document that was changed, one that was damaged, or another text."""
    sample = rng.choice(SAMPLES)
    kind = rng.randrange(10)
    if kind == 0:
        return json.dumps(sample)
    if kind == 1:
        text = junk(rng)
        return text if isinstance(text, str) else json.dumps(text)
    document = json.dumps(mutated(sample, rng), ensure_ascii=rng.random() < 0.5)
    if kind == 2:
        return damaged(document.encode("utf-8", "surrogatepass"), rng).decode("utf-8", "replace")
    return document


def _headers(envelope: Any, rng: Random) -> dict[str, str]:
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    given = envelope if isinstance(envelope, dict) else {}
    for header, name in (
        ("x-amz-sns-message-type", "Type"),
        ("x-amz-sns-message-id", "MessageId"),
        ("x-amz-sns-topic-arn", "TopicArn"),
    ):
        value = given.get(name)
        if isinstance(value, str) and value.isascii() and value.isprintable() and rng.random() < 0.98:
            headers[header] = value[:1000]
    if rng.random() < 0.05:
        headers[rng.choice(_ODD_NAMES)] = rng.choice(_ODD_VALUES)
    return headers
