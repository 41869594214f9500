"""Both services in this process, asked without a network: what is behind them is real, or plays its part."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import jwt
import msgspec
import requests
import responses
from flask import Flask

from config_service import create_app as create_config_service
from config_service.providers.base import Email, ProviderUnavailableError, SendRefusedError
from config_service.services.principal import CLINIC_ADMIN, LOCATION_HEAD, SUPER_ADMIN
from config_service.settings import read_settings as read_config_settings
from fuzz import feedback_events
from fuzz.api_calls import ASK_AWS, ApiCalls
from fuzz.exchanges import Answer, Request
from fuzz.sns_messages import CLINIC_TOPIC, TOPIC, SnsMessages
from fuzz.wsgi import ask
from shared import internal_api as api
from webhook_service import create_app as create_webhook_service
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


@dataclass(frozen=True)
class Target:
    """Something to ask: what makes its requests, what answers them, and which 503s are documented."""

    name: str
    make: Callable[[Random], Request]
    app: Flask
    documented: frozenset[str]

    def ask(self, request: Request) -> Answer:
        """Return what it answers."""
        return ask(self.app, request)


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


class _CheckedClient:
    """A config_service that records everything, once it has read each event as the real one would."""

    def record(self, events: Sequence[api.FeedbackEvent]) -> list[api.RecordResult]:
        """Return a result an event; one that does not come through the contract would be refused for ever."""
        documents = json.loads(api.encode_events(events))["events"]
        for document in documents:
            api.decode_event(msgspec.json.encode(document))
        return [api.RecordResult(api.RECORDED, "clinic-1", "source") for _ in events]

    def topics(self, _: str | None) -> tuple[str | None, list[api.Topic] | None]:
        """Return the one topic of a clinic."""
        return None, [api.Topic(CLINIC_TOPIC, ("clinic-1",))]


class _InProcessClient(_CheckedClient):
    """The real config_service, without the network in between."""

    def __init__(self, config_service: Flask) -> None:
        self._config_service = config_service

    def record(self, events: Sequence[api.FeedbackEvent]) -> list[api.RecordResult]:
        """Have the events recorded."""
        headers = {"Content-Type": "application/json", **api.authorization(RECORD_TOKEN)}
        found: list[api.RecordResult] = []
        for start in range(0, len(events), api.MAX_EVENTS):
            body = api.encode_events(events[start : start + api.MAX_EVENTS])
            answer = ask(self._config_service, Request("POST", api.EVENTS, body, headers))
            found += msgspec.json.decode(answer.body, type=api.RecordResults).results
        return found


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


def webhook_service(client: _CheckedClient) -> Flask:
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


@contextmanager
def targets(directory: Path) -> Iterator[dict[str, Target]]:
    """Yield everything that is asked in process, by name; its files are in `directory`."""
    sns, config = SnsMessages(), config_service(directory)
    document = json.loads(ask(config, Request("GET", "/openapi.json")).body)
    calls = ApiCalls(document, tokens(JWT_SECRET), without=ASK_AWS)
    alone, both = webhook_service(_CheckedClient()), webhook_service(_InProcessClient(config))

    def internal(rng: Random) -> Request:
        recording = rng.random() < 0.8
        return (
            feedback_events.recording(rng, RECORD_TOKEN)
            if recording
            else feedback_events.asking(rng, SEND_TOKEN)
        )

    found = (
        Target("webhook", sns.request, alone, OF_SNS),
        Target("both", sns.request, both, OF_SNS),
        Target("internal", internal, config, NEVER),
        Target("api", calls.request, config, OF_PROVIDERS),
    )
    with _amazon(sns):
        yield {target.name: target for target in found}
    config.extensions["config_service"].repositories.database.close()


@contextmanager
def _amazon(sns: SnsMessages) -> Iterator[None]:
    """Play the network: one certificate, confirmations that are taken, and nothing else."""

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], bytes]:
        if request.url == sns.certificate_url:
            return 200, {}, sns.certificate
        if "Action=ConfirmSubscription" in str(request.url):
            return 200, {}, b"<ok/>"
        raise requests.ConnectionError("nobody is there")

    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        network.add_callback(responses.GET, re.compile(".*"), answer)
        yield
