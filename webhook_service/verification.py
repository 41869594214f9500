"""Decides whether a posted body is a message that Amazon SNS signed for a topic of ours. Knows no Flask.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
"""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from shared.errors import ServiceError
from shared.sns import SnsEnvelope, parse_envelope, region_of, string_to_sign
from webhook_service import metrics
from webhook_service.certificates import CertificateStore
from webhook_service.clinic_mapper import ClinicMapper
from webhook_service.errors import BadSignatureError, HeaderMismatchError, RawDeliveryError, UnknownTopicError
from webhook_service.signing_certificate import SigningCertificate
from webhook_service.topic_snapshots import TopicOwner

log = structlog.get_logger(__name__)

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "1": hashes.SHA1(),  # noqa: S303 - SNS's default to this day; a forgery needs a second preimage
    "2": hashes.SHA256(),
}
_PADDING = PKCS1v15()
_SAME_IN_HEADER = {
    "x-amz-sns-message-type": "Type",
    "x-amz-sns-topic-arn": "TopicArn",
    "x-amz-sns-message-id": "MessageId",
}


@dataclass(frozen=True, slots=True)
class VerifiedMessage:
    """A message that SNS signed, from a topic of ours. Only SnsVerifier makes one."""

    type: str
    message_id: str
    topic_arn: str
    at: datetime
    message: str
    owner: TopicOwner
    subscribe_url: str | None
    token: str | None

    @property
    def region(self) -> str:
        """The region in the topic's ARN."""
        return region_of(self.topic_arn)


class SnsVerifier:
    """Verifies messages, the cheap checks first."""

    def __init__(self, topics: ClinicMapper, certificates: CertificateStore) -> None:
        """Take what knows our topics and what fetches certificates."""
        self._topics = topics
        self._certificates = certificates

    def verify(self, body: bytes, headers: Mapping[str, str]) -> VerifiedMessage:
        """Return what SNS signed in `body`; `headers` are the request's, with names in lower case.

        Raise a ServiceError that says why it is not believed, or that nothing can be decided now.
        """
        try:
            return self._verify(body, headers)
        except ServiceError as error:
            metrics.REFUSALS.labels(error.code).inc()
            log.warning("SNS message not accepted", code=error.code, reason=error.message)
            raise

    def _verify(self, body: bytes, headers: Mapping[str, str]) -> VerifiedMessage:
        _refuse_raw_delivery(headers)
        envelope = parse_envelope(body)
        _compare(envelope, headers)
        algorithm = _algorithm(envelope)
        url = envelope.fields["SigningCertURL"]
        self._certificates.check_url(url, envelope.region)
        owner = self._owner(envelope.topic_arn)
        certificate = self._certificates.get(url, envelope.region)
        certificate.check_valid_at(envelope.at)
        _check_signature(envelope, certificate, algorithm)
        # From this line on the signed fields are trusted, and only they are handed on.
        return _verified(envelope, owner)

    def _owner(self, topic_arn: str) -> TopicOwner:
        owner = self._topics.find(topic_arn)
        if owner is None:
            raise UnknownTopicError("The message comes from a topic that is not ours.")
        return owner


def _refuse_raw_delivery(headers: Mapping[str, str]) -> None:
    if headers.get("x-amz-sns-rawdelivery", "").lower() == "true":
        raise RawDeliveryError(
            "Raw message delivery is on for this subscription, and raw messages carry no signature. "
            "Switch it off in the subscription."
        )


def _compare(envelope: SnsEnvelope, headers: Mapping[str, str]) -> None:
    for header, name in _SAME_IN_HEADER.items():
        if headers.get(header, envelope.fields[name]) != envelope.fields[name]:
            raise HeaderMismatchError(f"The header {header} differs from the body's {name}.")


def _algorithm(envelope: SnsEnvelope) -> hashes.HashAlgorithm:
    algorithm = _HASHES.get(envelope.fields["SignatureVersion"])
    if algorithm is None:
        raise BadSignatureError("SignatureVersion is neither 1 nor 2.")
    return algorithm


def _check_signature(
    envelope: SnsEnvelope, certificate: SigningCertificate, algorithm: hashes.HashAlgorithm
) -> None:
    try:
        signature = binascii.a2b_base64(envelope.fields["Signature"], strict_mode=True)
        certificate.public_key.verify(signature, string_to_sign(envelope), _PADDING, algorithm)
    except (ValueError, InvalidSignature):
        raise BadSignatureError("The signature does not fit the message.") from None


def _verified(envelope: SnsEnvelope, owner: TopicOwner) -> VerifiedMessage:
    return VerifiedMessage(
        type=envelope.type,
        message_id=envelope.message_id,
        topic_arn=envelope.topic_arn,
        at=envelope.at,
        message=envelope.message,
        owner=owner,
        subscribe_url=envelope.fields.get("SubscribeURL"),
        token=envelope.fields.get("Token"),
    )
