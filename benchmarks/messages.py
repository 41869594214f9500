"""Distinct SNS notifications, signed before anything is measured and kept for the next run.

with CertificateServer(messages.certificate) as server:
    bodies = messages.write(directory, server.origin, first=0, last=5000)
"""

import base64
import hashlib
import json
import random
import uuid
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from benchmarks import ses_documents
from benchmarks.ses_documents import TOPIC_ARN, iso, ses_event

COUNT = 20_000
AMAZON_ORIGIN = "https://sns.us-east-1.amazonaws.com"
CERTIFICATE_PATH = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
KEPT = Path(__file__).resolve().parent.parent / "var" / "bench"

_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - SNS's
_SIGNED = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
_SUBSCRIPTION_ARN = f"{TOPIC_ARN}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"
_PIECE = 500  # messages that a process signs before it asks for more


@dataclass(frozen=True, slots=True)
class Messages:
    """The signed messages: each one's envelope as JSON text, by signature version."""

    certificate: bytes
    envelopes: dict[str, list[str]]

    def write(self, path: Path, origin: str, version: str = "2", first: int = 0, last: int = COUNT) -> Path:
        """Write messages `first` to `last` for `run_wrk`, their certificate at `origin`; return `path`."""
        with path.open("wb") as file:
            for body in self.bodies(origin, version, first, last):
                envelope = json.loads(body)
                head = f"{len(body)} {envelope['MessageId']} {envelope['Type']} {envelope['TopicArn']}\n"
                file.write(head.encode() + body)
        return path

    def bodies(self, origin: str, version: str = "2", first: int = 0, last: int = COUNT) -> list[bytes]:
        """Return messages `first` to `last` as SNS posts them; the certificate's URL is not signed."""
        return [text.replace(AMAZON_ORIGIN, origin).encode() for text in self.envelopes[version][first:last]]


def prepared(count: int = COUNT) -> Messages:
    """Return `count` messages: those of the last run, unless what makes them has changed."""
    sources = b"".join(Path(module).read_bytes() for module in (__file__, ses_documents.__file__))
    kept = KEPT / f"messages-{count}-{hashlib.sha256(sources).hexdigest()[:16]}.json"
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        for stale in KEPT.glob(f"messages-{count}-*"):
            stale.unlink()
        unfinished = kept.with_suffix(".new")
        unfinished.write_text(json.dumps(_made(count)))
        unfinished.rename(kept)
    document = json.loads(kept.read_text())
    return Messages(document["certificate"].encode(), document["envelopes"])


def _made(count: int) -> dict[str, object]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = certificate_of(key).public_bytes(serialization.Encoding.PEM).decode()
    pieces = [(pem, first, min(first + _PIECE, count)) for first in range(0, count, _PIECE)]
    with ProcessPoolExecutor() as pool:
        pairs = [pair for piece in pool.map(_signed_piece, pieces) for pair in piece]
    return {
        "certificate": certificate,
        "envelopes": {version: [pair[version] for pair in pairs] for version in _HASHES},
    }


def _signed_piece(piece: tuple[bytes, int, int]) -> list[dict[str, str]]:
    pem, first, last = piece
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    numbers = range(first, last)
    return [{version: signed_envelope(key, number, version) for version in _HASHES} for number in numbers]


def signed_envelope(key: rsa.RSAPrivateKey, number: int, version: str) -> str:
    message, at = ses_event(number)
    random_bits = random.Random(f"envelope {number}").getrandbits(128)
    fields = {
        "Type": "Notification",
        "MessageId": str(uuid.UUID(int=random_bits, version=4)),
        "TopicArn": TOPIC_ARN,
        "Message": message,
        "Timestamp": iso(at + timedelta(milliseconds=400)),
    }
    text = "".join(f"{name}\n{fields[name]}\n" for name in _SIGNED).encode()
    signature = key.sign(text, padding.PKCS1v15(), _HASHES[version])
    fields |= {
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": AMAZON_ORIGIN + CERTIFICATE_PATH,
        "UnsubscribeURL": f"{AMAZON_ORIGIN}/?Action=Unsubscribe&SubscriptionArn={_SUBSCRIPTION_ARN}",
    }
    return json.dumps(fields, indent=2, separators=(",", " : "))  # as SNS sets it


def certificate_of(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2036, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
