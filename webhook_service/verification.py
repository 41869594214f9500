"""Decides whether a posted body is a message that Amazon SNS signed for a topic of ours. Knows no Flask.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
"""

from collections.abc import Iterable, Mapping

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from msgspec import ValidationError, convert

from shared.errors import ServiceError
from shared.exchanges import Exchange, WouldWaitError
from shared.sns import SnsEnvelope, parse_envelope, string_to_sign
from webhook_service import metrics
from webhook_service.certificates import CertificateStore
from webhook_service.clinic_mapper import ClinicMapper
from webhook_service.errors import BadSignatureError, HeaderMismatchError, RawDeliveryError, UnknownTopicError
from webhook_service.signing_certificate import SigningCertificate
from webhook_service.topic_snapshots import TopicOwner
from webhook_service.verified_message import UnverifiedMessage, VerifiedMessage

log = structlog.get_logger(__name__)

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "1": hashes.SHA1(),  # noqa: S303 - SNS's default to this day; a forgery needs a second preimage
    "2": hashes.SHA256(),
}
_PADDING = PKCS1v15()
_TYPE = "x-amz-sns-message-type"
_TOPIC_ARN = "x-amz-sns-topic-arn"
_MESSAGE_ID = "x-amz-sns-message-id"
_RAW_DELIVERY = "x-amz-sns-rawdelivery"
LOOKED_AT = (_TYPE, _TOPIC_ARN, _MESSAGE_ID, _RAW_DELIVERY)


class SnsVerifier:
    """Verifies messages, the cheap checks first."""

    def __init__(self, topics: ClinicMapper, certificates: CertificateStore) -> None:
        """Take what knows our topics and what fetches certificates."""
        self._topics = topics
        self._certificates = certificates

    def read(self, body: bytes, headers: Mapping[str, str]) -> SnsEnvelope:
        """Return the envelope in `body`; `headers` are those of LOOKED_AT that came, by these names.

        Raise a ServiceError that says why SNS has not sent it.
        """
        _refuse_raw_delivery(headers)
        return parse_envelope(body)

    def check(
        self, envelope: SnsEnvelope, headers: Mapping[str, str], *, may_wait: bool = True
    ) -> UnverifiedMessage:
        """Return what SNS must have signed: every check between `read` and `verify`.

        Raise a ServiceError that says why it is not believed, or that nothing can be decided now, and
        WouldWaitError where somebody must be asked for its certificate or its topic and may not.
        """
        fields = envelope.fields
        if headers.get(_TYPE, fields.type) != fields.type:
            raise HeaderMismatchError(_TYPE, "Type")
        if headers.get(_TOPIC_ARN, fields.topic_arn) != fields.topic_arn:
            raise HeaderMismatchError(_TOPIC_ARN, "TopicArn")
        if headers.get(_MESSAGE_ID, fields.message_id) != fields.message_id:
            raise HeaderMismatchError(_MESSAGE_ID, "MessageId")
        algorithm = _HASHES.get(fields.signature_version)
        if algorithm is None:
            raise BadSignatureError("SignatureVersion is neither 1 nor 2.")
        certificate = self._certificates.kept(fields.signing_cert_url, envelope.region)
        owner = self._topics.known(fields.topic_arn)
        if certificate is None or owner is None:
            certificate, owner = self._asked_for(envelope, certificate, may_wait)
        certificate.check_valid_at(envelope.at)
        try:
            signature = convert(fields.signature, bytes)  # from base64
        except ValidationError:
            raise BadSignatureError("The signature is not in base64.") from None
        signed = string_to_sign(envelope)
        return UnverifiedMessage(envelope, owner, certificate.public_key, signature, signed, algorithm)

    @staticmethod
    def verify(message: UnverifiedMessage) -> VerifiedMessage:
        """Return the message where SNS signed it; raise BadSignatureError where it did not.

        A step of its own, so that of several messages the signatures are verified one after the other.
        """
        try:
            message.public_key.verify(message.signature, message.signed, _PADDING, message.algorithm)
        except InvalidSignature:
            raise BadSignatureError("The signature does not fit the message.") from None
        # From this line on the signed fields are trusted, and only they are handed on.
        return VerifiedMessage(message.envelope, message.owner)

    @staticmethod
    def note_refusals(exchanges: Iterable[Exchange]) -> None:
        """Log and count the messages that were refused."""
        for exchange in exchanges:
            if isinstance(exchange.error, ServiceError):
                exchange.line.resume()
                code, reason = exchange.error.code, exchange.error.message
                metrics.REFUSALS.labels(code).inc()
                log.warning("SNS message not accepted", code=code, reason=reason)

    def _asked_for(
        self, envelope: SnsEnvelope, certificate: SigningCertificate | None, may_wait: bool
    ) -> tuple[SigningCertificate, TopicOwner]:
        """Fetch a certificate only for a topic of ours, and only from where SNS keeps them."""
        url, region = envelope.fields.signing_cert_url, envelope.region
        if certificate is None:
            self._certificates.check_url(url, region)
        if not may_wait:
            raise WouldWaitError
        owner = self._topics.find(envelope.topic_arn)
        if owner is None:
            raise UnknownTopicError("The message comes from a topic that is not ours.")
        return certificate or self._certificates.get(url, region), owner


def _refuse_raw_delivery(headers: Mapping[str, str]) -> None:
    if headers.get(_RAW_DELIVERY, "").lower() == "true":
        raise RawDeliveryError(
            "Raw message delivery is on for this subscription, and raw messages carry no signature. "
            "Switch it off in the subscription."
        )
