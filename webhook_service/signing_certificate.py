"""What is read of one of SNS's signing certificates: its key, its names and the time in which it counts."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID

from webhook_service.errors import BadCertificateError, CertificateUnavailableError

LEAST_KEY_BITS = 2048

_NOT_READABLE = (
    ValueError,
    TypeError,  # where a name is of a type that only other names may have
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """A key that SNS signs with, parsed, and the time in which it may."""

    public_key: RSAPublicKey
    not_before: datetime
    not_after: datetime

    def check_valid_at(self, moment: datetime) -> None:
        """Raise BadCertificateError where the certificate was not valid at `moment`."""
        if not self.not_before <= moment <= self.not_after:
            raise BadCertificateError("The certificate was not valid at the message's Timestamp.")


def read_certificate(pem: bytes, names: frozenset[str]) -> SigningCertificate:
    """Return the first certificate in `pem`; raise BadCertificateError where it is none of SNS's.

    It must carry one of `names`, exactly, and an RSA key. What is no certificate at all comes from
    something between us and Amazon, and may be right the next time: CertificateUnavailableError.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        carried = _names_of(certificate)
        key = certificate.public_key()
    except _NOT_READABLE:
        raise CertificateUnavailableError("What was fetched is not a certificate.") from None
    if not carried & names:
        raise BadCertificateError("The certificate does not carry the name of Amazon SNS in the region.")
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_KEY_BITS:
        raise BadCertificateError("The certificate's key is not RSA of 2048 bits or more.")
    return SigningCertificate(key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _names_of(certificate: x509.Certificate) -> set[str]:
    common = {str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return common
    return common | set(alternative.get_values_for_type(x509.DNSName))
