"""What is asked in process: each part by name, with what makes its requests and which 503s are right."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
import requests
import responses
from flask import Flask

from fuzz import feedback_events
from fuzz.api_calls import ASK_AWS, ApiCalls
from fuzz.applications import (
    JWT_SECRET,
    NEVER,
    OF_PROVIDERS,
    OF_SNS,
    RECORD_TOKEN,
    SEND_TOKEN,
    config_service,
    tokens,
    webhook_service,
)
from fuzz.exchanges import Answer, Request
from fuzz.sns_messages import CLINIC_TOPIC, SnsMessages
from fuzz.wsgi import ask
from shared import internal_api as api
from webhook_service.config_client import Recorded


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


class _CheckedClient:
    """A config_service that records everything, once it has read each event as the real one would."""

    def record(self, messages: Sequence[Sequence[api.FeedbackEvent]]) -> Sequence[Recorded]:
        """Have each message's events recorded."""
        return [self._record(events) for events in messages]

    def _record(self, events: Sequence[api.FeedbackEvent]) -> list[api.RecordResult]:
        """Return a result an event; one that does not come through the contract would be refused for ever."""
        for event in events:
            api.decode_event(api.encode_event(event))
        return [api.RecordResult(api.RECORDED, "clinic-1", "source") for _ in events]

    def topics(self, _: str | None) -> tuple[str | None, list[api.Topic] | None]:
        """Return the one topic of a clinic."""
        return None, [api.Topic(CLINIC_TOPIC, ("clinic-1",))]


class _InProcessClient(_CheckedClient):
    """The real config_service, without the network in between."""

    def __init__(self, config_service: Flask) -> None:
        self._config_service = config_service

    def _record(self, events: Sequence[api.FeedbackEvent]) -> list[api.RecordResult]:
        headers = {"Content-Type": "application/json", **api.authorization(RECORD_TOKEN)}
        found: list[api.RecordResult] = []
        for start in range(0, len(events), api.MAX_EVENTS):
            body = api.events_body(map(api.encode_event, events[start : start + api.MAX_EVENTS]))
            answer = ask(self._config_service, Request("POST", api.EVENTS, body, headers))
            found += msgspec.json.decode(answer.body, type=api.RecordResults).results
        return found


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
