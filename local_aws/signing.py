"""The signature of SNS messages, and the certificate that it is checked against.

Rules: Amazon SNS Developer Guide, "Verifying the signatures of Amazon SNS messages". Written from there
on purpose without the services' own code, so that one never checks itself.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_NOTIFICATION_FIELDS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION_FIELDS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - SNS's
_COMMON_NAME = "sns.amazonaws.com"
# Dead letters are replayed weeks later, and tests date messages back.
_VALIDITY = timedelta(days=365)


def string_to_sign(envelope: Mapping[str, str]) -> bytes:
    """Return the signed fields, in their order; a Subject only if the message has one."""
    fields = _NOTIFICATION_FIELDS if envelope["Type"] == "Notification" else _CONFIRMATION_FIELDS
    return "".join(f"{name}\n{envelope[name]}\n" for name in fields if name in envelope).encode()


class MessageSigner:
    """Signs with a key that lives as long as the process."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = _self_signed(self._key)
        self.certificate_pem = certificate.public_bytes(serialization.Encoding.PEM)
        fingerprint = certificate.fingerprint(hashes.SHA256()).hex()[:32]
        self.certificate_path = f"/SimpleNotificationService-{fingerprint}.pem"

    def sign(self, envelope: Mapping[str, str], version: str) -> str:
        """Return the signature in base64; version 1 hashes with SHA1, version 2 with SHA256."""
        signature = self._key.sign(string_to_sign(envelope), padding.PKCS1v15(), _HASHES[version])
        return base64.b64encode(signature).decode()


def _self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _COMMON_NAME)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _VALIDITY)
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_COMMON_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
