"""What the tests are made of: an SNS that signs, a config_service in memory, a clock that is turned by hand.

Written from AWS's pages, without the services' code, so that the code is not checked against itself.
"""

import base64
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID
from werkzeug.test import TestResponse

from shared.errors import ServiceError
from shared.internal_api import FeedbackEvent, RecordResult, Topic
from webhook_service.config_client import Recorded

TOPIC = "arn:aws:sns:us-east-1:123456789012:ses-events"
CLINIC_TOPIC = "arn:aws:sns:us-east-1:123456789012:clinic-1-events"
FOREIGN_TOPIC = "arn:aws:sns:us-east-1:999999999999:somebody-elses"
HOST = "https://sns.us-east-1.amazonaws.com"
CERT_PATH = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
CERT_URL = HOST + CERT_PATH
DEV_ORIGIN = "http://127.0.0.1:5055"
TOKEN = "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92"
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
THREADS = 8
SAMPLES = Path(__file__).parents[1] / "shared" / "ses_samples"

Envelope = dict[str, Any]
Post = Callable[..., TestResponse]


def sample(name: str) -> dict[str, Any]:
    """Return one of AWS's complete sample documents."""
    return json.loads((SAMPLES / f"{name}.json").read_text())


def certificate(
    key: Any,
    *,
    names: Sequence[str] = ("sns.amazonaws.com",),
    alternative: Sequence[str] = (),
    begins: datetime = NOW - timedelta(days=30),
    ends: datetime = NOW + timedelta(days=30),
) -> bytes:
    """Return a certificate of `key` in PEM, with `names` in its subject and `alternative` as DNS names."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Amazon")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )
    if alternative:
        dns = x509.SubjectAlternativeName([x509.DNSName(name) for name in alternative])
        builder = builder.add_extension(dns, critical=False)
    algorithm = hashes.SHA256()
    return builder.sign(key, algorithm).public_bytes(serialization.Encoding.PEM)


def text_that_sns_signs(envelope: Envelope) -> str:
    """Return the string to sign, from AWS's description of it."""
    names = ["Message", "MessageId"]
    if envelope["Type"] == "Notification":
        names += ["Subject"] if envelope.get("Subject") is not None else []
        names += ["Timestamp", "TopicArn", "Type"]
    else:
        names += ["SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    return "".join(name + "\n" + envelope[name] + "\n" for name in names)


class Sns:
    """Signs messages as SNS does."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def signed(self, envelope: Envelope) -> Envelope:
        """Return `envelope` with the signature of its SignatureVersion."""
        hashed = hashes.SHA256() if envelope["SignatureVersion"] == "2" else hashes.SHA1()
        signature = self._key.sign(text_that_sns_signs(envelope).encode(), padding.PKCS1v15(), hashed)
        return envelope | {"Signature": base64.b64encode(signature).decode()}

    def notification(self, message: Any, **changes: Any) -> Envelope:
        """Return a signed Notification of `message` (a text, or a document); `changes` come before signing."""
        text = message if isinstance(message, str) else json.dumps(message)
        envelope = {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": text,
            "Timestamp": "2026-01-31T12:00:00.000Z",
            "SignatureVersion": "1",
            "SigningCertURL": CERT_URL,
            "UnsubscribeURL": f"{HOST}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:1",
        }
        return self.signed(envelope | changes)

    def confirmation(self, kind: str = "SubscriptionConfirmation", **changes: Any) -> Envelope:
        """Return a signed SubscriptionConfirmation, or UnsubscribeConfirmation."""
        topic = changes.get("TopicArn", TOPIC)
        envelope = {
            "Type": kind,
            "MessageId": str(uuid.uuid4()),
            "Token": TOKEN,
            "TopicArn": topic,
            "Message": f"You have chosen to subscribe to the topic {topic}.\nTo confirm, visit the URL.",
            "SubscribeURL": subscribe_url(topic=topic),
            "Timestamp": "2026-01-31T12:00:00.000Z",
            "SignatureVersion": "1",
            "SigningCertURL": CERT_URL,
        }
        return self.signed(envelope | changes)


def subscribe_url(
    origin: str = HOST, action: str = "ConfirmSubscription", topic: str = TOPIC, token: str = TOKEN
) -> str:
    return f"{origin}/?Action={action}&TopicArn={topic}&Token={token}"


class Clock:
    """A monotonic clock that goes only when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


class FakeConfigService:
    """A ConfigClient that keeps what it is given in memory."""

    def __init__(self) -> None:
        self.events: list[FeedbackEvent] = []
        self.owners: dict[str, tuple[str, ...]] = {CLINIC_TOPIC: ("clinic-1",)}
        self.answers: dict[str, RecordResult] = {}  # by recipient; else recorded or duplicate
        self.failure: ServiceError | None = None
        self.times_asked_for_topics = 0

    def record(self, messages: Sequence[Sequence[FeedbackEvent]]) -> Sequence[Recorded]:
        if self.failure:
            return [self.failure for _ in messages]
        return [[self._record(event) for event in events] for events in messages]

    def topics(self, etag: str | None) -> tuple[str | None, list[Topic] | None]:
        self.times_asked_for_topics += 1
        if self.failure:
            raise self.failure
        now = str(sorted(self.owners.items()))
        if etag == now:
            return now, None
        return now, [Topic(arn, clinics) for arn, clinics in self.owners.items()]

    def _record(self, event: FeedbackEvent) -> RecordResult:
        if answer := self.answers.get(event.event.recipient or ""):
            return answer
        if event in self.events:
            return RecordResult("duplicate", "clinic-1", "source")
        self.events.append(event)
        return RecordResult("recorded", "clinic-1", "source")

    @property
    def suppressible(self) -> list[tuple[str, str | None]]:
        """Kind and recipient of everything recorded."""
        return [(event.event.kind, event.event.recipient) for event in self.events]
