"""Measures django-ses's verifier against the RSA signature alone; reads JSON from stdin, writes JSON."""

import base64
import json
import sys
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from django.conf import settings

settings.configure()

from django_ses import utils  # noqa: E402 - Django has settings now

from benchmarks.rate import rates  # noqa: E402


def main() -> None:
    """Measure what stdin asks for."""
    asked: dict[str, Any] = json.load(sys.stdin)
    bodies = [text.encode() for text in asked["bodies"]]
    certificate = x509.load_pem_x509_certificate(asked["certificate"].encode())
    utils._CERT_CACHE[asked["url"]] = certificate  # noqa: SLF001 - it would fetch it over HTTPS only
    key = certificate.public_key()
    signed = [_signed(body) for body in bodies]

    def raw(number: int) -> None:
        signature, text = signed[number]
        key.verify(signature, text, PKCS1v15(), hashes.SHA1())  # noqa: S303 - the one it knows

    parsed = [json.loads(body) for body in bodies]

    def theirs(number: int) -> None:
        if not utils.verify_event_message(parsed[number]):
            raise SystemExit("django-ses does not accept the message")

    def whole(number: int) -> None:
        utils.verify_event_message(json.loads(bodies[number].decode()))

    operations = {"django_ses_raw": raw, "django_ses": theirs, "django_ses_whole": whole}
    found = rates(operations, range(len(bodies)), asked["rounds"], asked["seconds"])
    sys.stdout.write(json.dumps(found))


def _signed(body: bytes) -> tuple[bytes, bytes]:
    notification = json.loads(body)
    text = utils.EventMessageVerifier(notification)._get_bytes_to_sign()  # noqa: SLF001 - the signed text
    return base64.b64decode(notification["Signature"]), text


if __name__ == "__main__":
    main()
