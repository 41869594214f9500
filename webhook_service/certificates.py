"""SNS's signing certificates: where they may come from, whose name they carry, and a bounded cache of them.

A certificate is trusted because it came over HTTPS, verified by requests, from a host of Amazon's.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from shared.errors import ServiceError
from webhook_service import metrics
from webhook_service.errors import CertificatesBusyError, CertificateUnavailableError, UntrustedUrlError
from webhook_service.origins import SnsOrigins
from webhook_service.signing_certificate import SigningCertificate, read_certificate
from webhook_service.single_flight import SingleFlight
from webhook_service.time_budget import CERTIFICATE_CONNECT, CERTIFICATE_DEADLINE, CERTIFICATE_READ
from webhook_service.timed_visits import NoAnswerError, Patience, visited

MAX_FETCHES = 3  # at once in a process: anybody can name certificates that are not there
MAX_BYTES = 64 * 1024
MAX_CERTIFICATES = 64  # every region has one at a time
LIFE_TIME = 3600.0  # seconds

_PATH = re.compile(r"/SimpleNotificationService-[0-9a-f]{1,64}\.pem")

# The names by region, from SnsHostProvider in the AWS SDK for Java 2 (module sns-message-manager).
DEFAULT_NAME = "sns.amazonaws.com"
# fmt: off
_OPT_IN = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4",
    "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1",
    "eu-south-2", "il-central-1", "me-central-1", "me-south-1", "mx-central-1",
)
# fmt: on
NAMES: dict[str, frozenset[str]] = {
    region: frozenset({f"sns-signing.{region}.amazonaws.com"}) for region in _OPT_IN
}
NAMES |= {
    "us-gov-west-1": frozenset({"sns-us-gov-west-1.amazonaws.com"}),
    "us-gov-east-1": frozenset({"sns-us-gov-west-1.amazonaws.com", "sns-us-gov-east-1.amazonaws.com"}),
    "cn-north-1": frozenset({"sns-cn-north-1.amazonaws.com.cn"}),
    "cn-northwest-1": frozenset({"sns-cn-northwest-1.amazonaws.com.cn"}),
}
_ELSEWHERE = frozenset({DEFAULT_NAME})


@dataclass(frozen=True, slots=True)
class _Kept:
    certificate: SigningCertificate
    until: float


class CertificateStore:
    """Fetches, checks and keeps certificates; safe to share between threads. Failures are never kept."""

    def __init__(self, origins: SnsOrigins, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the origins to trust and a clock in seconds."""
        self._origins = origins
        self._clock = clock
        self._kept: dict[tuple[str, str], _Kept] = {}  # by URL and region, which have passed `check_url`
        self._lock = threading.Lock()  # for writing
        self._fetches: SingleFlight[str, SigningCertificate] = SingleFlight()
        self._slots = threading.BoundedSemaphore(MAX_FETCHES)

    def check_url(self, url: str, region: str) -> None:
        """Raise UntrustedUrlError where `url` is not one of SNS's certificates of `region`."""
        path = self._origins.path_in(url, region)
        if path is None or not _PATH.fullmatch(path):
            raise UntrustedUrlError("SigningCertURL is not Amazon SNS's in the topic's region.")

    def kept(self, url: str, region: str) -> SigningCertificate | None:
        """Return the certificate that was fetched from `url` for `region` within the last hour, or None."""
        kept = self._kept.get((url, region))
        return kept.certificate if kept and self._clock() < kept.until else None

    def get(self, url: str, region: str) -> SigningCertificate:
        """Return the certificate at `url`, which passed `check_url` with `region`.

        Raise CertificateUnavailableError where it cannot be fetched, CertificatesBusyError where too many
        are being fetched, BadCertificateError where it is wrong.
        """
        return self.kept(url, region) or self._fetches.do(url, lambda: self._fetch(url, region))

    def _fetch(self, url: str, region: str) -> SigningCertificate:
        if kept := self.kept(url, region):  # another thread's fetch ended just before this one could join it
            return kept
        names = _ELSEWHERE if self._origins.is_dev(url) else NAMES.get(region, _ELSEWHERE)
        try:
            certificate = read_certificate(self._download_in_slot(url), names)
        except ServiceError as error:
            metrics.CERTIFICATE_FETCHES.labels(error.code).inc()
            raise
        metrics.CERTIFICATE_FETCHES.labels("fetched").inc()
        self._keep(certificate, url, region)
        return certificate

    def _keep(self, certificate: SigningCertificate, url: str, region: str) -> None:
        with self._lock:
            while len(self._kept) >= MAX_CERTIFICATES:
                del self._kept[next(iter(self._kept))]  # the oldest
            self._kept[url, region] = _Kept(certificate, self._clock() + LIFE_TIME)

    def _download_in_slot(self, url: str) -> bytes:
        if not self._slots.acquire(blocking=False):
            raise CertificatesBusyError("Too many certificates are being fetched already.")
        try:
            return self._download(url)
        finally:
            self._slots.release()

    def _download(self, url: str) -> bytes:
        patience = Patience(CERTIFICATE_CONNECT, CERTIFICATE_READ, CERTIFICATE_DEADLINE)
        try:
            with visited(url, patience) as response:
                if response.status_code != HTTPStatus.OK:
                    raise CertificateUnavailableError(f"SNS answered {response.status_code}.")
                body: bytes = response.raw.read(MAX_BYTES + 1)
        except NoAnswerError as why:
            raise CertificateUnavailableError(f"The certificate could not be fetched: {why}.") from None
        if len(body) > MAX_BYTES:
            raise CertificateUnavailableError("The certificate is too large.")
        return body
