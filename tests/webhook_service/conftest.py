"""The service with its neighbours faked: SNS signs with a real key, the network is `responses`."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask.testing import FlaskClient
from sns_kit import CERT_URL, DEV_ORIGIN, THREADS, TOPIC, Clock, FakeConfigService, Post, Sns, certificate
from werkzeug.test import TestResponse

from webhook_service import create_app, single_flight
from webhook_service.settings import WebhookSettings


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def other_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def certificate_pem(key: rsa.RSAPrivateKey) -> bytes:
    return certificate(key)


@pytest.fixture
def sns(key: rsa.RSAPrivateKey) -> Sns:
    return Sns(key)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def config_service() -> FakeConfigService:
    return FakeConfigService()


@pytest.fixture
def network() -> Iterator[responses.RequestsMock]:
    """The world outside: nothing answers unless a test says so."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def amazon(network: responses.RequestsMock, certificate_pem: bytes) -> responses.RequestsMock:
    """A network in which SNS's certificate can be fetched."""
    network.get(CERT_URL, body=certificate_pem)
    return network


@pytest.fixture
def settings() -> WebhookSettings:
    return WebhookSettings(
        production=False,
        log_level="INFO",
        shared_topic_arns=(TOPIC,),
        internal_api_token="token-of-tests",
        config_service_url="http://config-service:8001",
        sns_dev_origin=DEV_ORIGIN,
    )


@pytest.fixture
def app(settings: WebhookSettings, config_service: FakeConfigService, clock: Clock) -> Flask:
    app = create_app(settings, config_client=config_service, clock=clock, wait=clock.advance)
    app.testing = True  # an exception that nobody foresaw fails the test
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def all_others_wait(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once THREADS - 1 threads wait for the one that works."""
    waiting: list[int] = []
    event = threading.Event()

    class Counted(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            waiting.append(1)
            if len(waiting) == THREADS - 1:
                event.set()
            return super().result(timeout)

    monkeypatch.setattr(single_flight, "Future", Counted)
    return event


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Post a body (bytes, a text or a document) as SNS does."""

    def send(body: Any, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        own = {"Content-Type": "text/plain; charset=UTF-8"} | (headers or {})
        return client.post("/api/v1/webhooks/ses", data=data, headers=own, **options)

    return send
