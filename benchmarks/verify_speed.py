"""What verifying a message costs beyond the RSA signature itself: ours, and django-ses's verifier."""

import base64
import json
import subprocess
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from benchmarks.gunicorn_servers import PEERS_PYTHON, ROOT
from benchmarks.load import BenchmarkError
from benchmarks.messages import AMAZON_ORIGIN, CERTIFICATE_PATH, Messages
from benchmarks.rate import Rates, medians, rates
from benchmarks.servers.webhook_alone import InstantConfigClient
from benchmarks.ses_documents import TOPIC_ARN
from shared.gathering import MOST
from shared.sns import parse_envelope, string_to_sign
from webhook_service.certificates import CertificateStore
from webhook_service.clinic_mapper import ClinicMapper
from webhook_service.origins import SnsOrigins
from webhook_service.verification import SnsVerifier

MESSAGES = 32 * MOST
ROUNDS = 11  # a sitting, by turns: the machine is faster or slower from one second to the next
SECONDS = 0.05

_GROUPS = [range(first, first + MOST) for first in range(0, MESSAGES, MOST)]


class VerifySpeed:
    """Measures in sittings, since the machine is faster or slower from one minute to the next too."""

    def __init__(self, messages: Messages, origin: str) -> None:
        """Take signed messages, and where the service finds their certificate."""
        self._operations = _ours(messages, origin)
        self._messages = messages
        self._ours: Rates = {}
        self._django_ses: Rates = {}

    def measure(self) -> None:
        """Measure for some seconds."""
        _add(rates(self._operations, _GROUPS, ROUNDS, SECONDS), self._ours)
        _add(_django_ses(self._messages), self._django_ses)

    def medians(self) -> dict[str, float]:
        """Return messages a second: `raw`, `ours`, `ours_alone`, `ours_whole`, and the same of django-ses.

        `ours` verifies messages whose JSON and form have been read, as django-ses's verifier does too: as
        many at a time as the service under load, `ours_alone` each by itself. `ours_whole` reads them too.
        """
        ours = {name: MOST * rate for name, rate in medians(self._ours).items()}
        return ours | medians(self._django_ses)


def _add(found: Rates, all_found: Rates) -> None:
    for name, rounds in found.items():
        all_found.setdefault(name, []).extend(rounds)


def _ours(messages: Messages, origin: str) -> dict[str, Callable[[range], None]]:
    bodies = messages.bodies(origin, last=MESSAGES)
    headers = [_headers(body) for body in bodies]
    topics = ClinicMapper([TOPIC_ARN], InstantConfigClient())
    verifier = SnsVerifier(topics, CertificateStore(SnsOrigins(origin)))
    key = x509.load_pem_x509_certificate(messages.certificate).public_key()
    assert isinstance(key, RSAPublicKey)
    signed = [_signed(body) for body in bodies]
    envelopes = [parse_envelope(body) for body in bodies]

    def raw(group: range) -> None:
        for number in group:
            signature, text = signed[number]
            key.verify(signature, text, PKCS1v15(), hashes.SHA256())

    def ours(group: range) -> None:
        for message in [verifier.check(envelopes[number], headers[number]) for number in group]:
            verifier.verify(message)

    def alone(group: range) -> None:
        for number in group:
            verifier.verify(verifier.check(envelopes[number], headers[number]))

    def whole(group: range) -> None:
        read = [(verifier.read(bodies[number], headers[number]), headers[number]) for number in group]
        for message in [verifier.check(*each) for each in read]:
            verifier.verify(message)

    return {"raw": raw, "ours": ours, "ours_alone": alone, "ours_whole": whole}


def _headers(body: bytes) -> dict[str, str]:
    """Return the headers that the view hands on, as of a POST of SNS."""
    envelope = json.loads(body)
    return {
        "x-amz-sns-message-type": envelope["Type"],
        "x-amz-sns-message-id": envelope["MessageId"],
        "x-amz-sns-topic-arn": envelope["TopicArn"],
    }


def _signed(body: bytes) -> tuple[bytes, bytes]:
    envelope = parse_envelope(body)
    return base64.b64decode(envelope.fields.signature), string_to_sign(envelope)


def _django_ses(messages: Messages) -> Rates:
    """Measure in the environment where django-ses is installed; it verifies signatures of version 1 alone."""
    asked: dict[str, Any] = {
        "bodies": [body.decode() for body in messages.bodies(AMAZON_ORIGIN, "1", last=MESSAGES)],
        "certificate": messages.certificate.decode(),
        "url": AMAZON_ORIGIN + CERTIFICATE_PATH,
        "rounds": ROUNDS,
        "seconds": SECONDS,
    }
    command = [str(PEERS_PYTHON), "-m", "benchmarks.servers.django_ses_verifier"]
    run = subprocess.run(
        command, cwd=ROOT, input=json.dumps(asked), check=False, capture_output=True, text=True
    )
    if run.returncode:
        raise BenchmarkError(f"django-ses's verifier failed: {run.stderr.strip()[-300:]}")
    answer: Rates = json.loads(run.stdout)
    return answer
