"""Both services in this process, asked without a network: what is behind them is real, or plays its part."""

import base64
import hashlib
import time
from pathlib import Path

import jwt
from flask import Flask

from config_service import create_app as create_config_service
from config_service.providers.base import Email, ProviderUnavailableError, SendRefusedError
from config_service.services.principal import CLINIC_ADMIN, LOCATION_HEAD, SUPER_ADMIN
from config_service.settings import read_settings as read_config_settings
from fuzz.sns_messages import CLINIC_TOPIC, TOPIC
from webhook_service import create_app as create_webhook_service
from webhook_service.config_client import ConfigClient
from webhook_service.settings import read_settings as read_webhook_settings

JWT_SECRET = "a secret of the fuzzing that is long enough for HS256"  # noqa: S105
RECORD_TOKEN = "record-token-of-the-fuzzing-0123456789"  # noqa: S105
SEND_TOKEN = "send-token-of-the-fuzzing-0123456789"  # noqa: S105
UNLIMITED = {"FAILED_LOGINS_PER_MINUTE": "1000000"}  # bad tokens are among the inputs
_KEY = base64.b64encode(bytes(32)).decode()

# The only reasons for which a service that can reach everything may ask to come again.
NEVER: frozenset[str] = frozenset()
OF_SNS = frozenset({"certificate_unavailable", "certificates_busy", "confirmation_failed", "topics_busy"})
OF_PROVIDERS = frozenset({"provider_unavailable"})


class _Provider:
    tracks = True

    def __init__(self) -> None:
        self._sent = 0

    def send(self, email: Email) -> str:
        """Accept, refuse or fail, by the recipient's address."""
        choice = hashlib.sha256(email.recipient.encode("utf-8", "surrogatepass")).digest()[0] % 4
        if choice == 0:
            raise SendRefusedError("Refused.", code="ses_message_rejected", hint="Try another.")
        if choice == 1:
            raise ProviderUnavailableError("Away.", code="provider_unavailable", retry_after=5)
        self._sent += 1
        return f"platform-{self._sent}"


class _Providers:
    def __init__(self) -> None:
        self._provider = _Provider()

    def for_clinic(self, *_: object) -> _Provider:
        return self._provider

    def platform(self) -> _Provider:
        return self._provider

    def forget(self, _: str) -> None:
        """Keep nothing."""


class _Clock:
    """Goes on by itself, so that nothing waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.01
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def config_service(directory: Path) -> Flask:
    """Return config_service on a SQLite file in `directory`, with two clinics; its providers are fakes."""
    settings = read_config_settings({
        "VAR_DIR": str(directory),
        "DATABASE_URL": f"sqlite:///{directory}/clinic_mail.db",
        "LOG_LEVEL": "ERROR",
        "AWS_SNS_TOPIC_ARN": TOPIC,
        "AWS_SES_FROM_EMAIL": "noreply@healthcare.example",
        "AWS_REGION": "us-east-1",
        "CREDENTIALS_KEYS": f"k1:{_KEY}",
        "ADDRESS_HASH_KEYS": f"h1:{_KEY}",
        "JWT_SECRET": JWT_SECRET,
        **UNLIMITED,
        "INTERNAL_API_TOKENS": f"webhook:record:{RECORD_TOKEN},sender:send:{SEND_TOKEN}",
    })  # fmt: skip
    app = create_config_service(settings, providers=_Providers(), sweeping=False)
    for number, topic in ((1, CLINIC_TOPIC), (2, None)):
        account = {
            "region": "us-east-1",
            "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
            "snsTopicArn": topic,
            "secretAccessKey": "secret",
            "fromEmail": f"noreply@clinic-{number}.example",
        }
        app.extensions["config_service"].configs.save_ses(
            clinic_id=f"clinic-{number}", actor="fuzzing", credentials=account
        )
    return app


def webhook_service(client: ConfigClient) -> Flask:
    """Return webhook_service in front of `client`."""
    settings = read_webhook_settings({
        "LOG_LEVEL": "ERROR",
        "AWS_SNS_TOPIC_ARN": TOPIC,
        "INTERNAL_API_TOKEN": RECORD_TOKEN,
    })  # fmt: skip
    clock = _Clock()
    return create_webhook_service(settings, config_client=client, clock=clock, wait=clock.wait)


def tokens(secret: str) -> list[str]:
    """Return bearer tokens of every role, some for other clinics than are asked for."""
    people = (
        *[(SUPER_ADMIN, [])] * 6,
        *[(CLINIC_ADMIN, ["clinic-1", "new-clinic"])] * 2,
        (LOCATION_HEAD, ["clinic-1"]),
        (CLINIC_ADMIN, ["clinic-2"]),
    )
    claims = {"sub": "fuzzing", "exp": int(time.time()) + 86_400}
    return [
        jwt.encode({**claims, "role": role, "clinicIds": clinics}, secret, algorithm="HS256")
        for role, clinics in people
    ]
