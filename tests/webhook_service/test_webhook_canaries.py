"""Canaries in everything that is posted, whatever becomes of it: found in config_service alone."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from canaries import (
    BOUNCED,
    MARK,
    NAME,
    PATIENT,
    SUBJECT,
    TOKEN,
    everything_logged,
    logging_as_before,
    spotted,
)
from flask.testing import FlaskClient
from sns_kit import FOREIGN_TOPIC, TOPIC, Clock, FakeConfigService, Post, Sns, subscribe_url

from shared.internal_api import RecordResult
from shared.internal_client import InternalClient
from webhook_service import create_app
from webhook_service.config_client import HttpConfigClient
from webhook_service.settings import WebhookSettings

pytestmark = pytest.mark.usefixtures("amazon")

MAIL = {
    "timestamp": "2026-01-31T12:00:00.000Z",
    "messageId": "0100018d2b3c4d5e",
    "source": f"{NAME} <{PATIENT}>",
    "destination": [PATIENT],
    "headers": [{"name": "Subject", "value": SUBJECT}],
    "commonHeaders": {"subject": SUBJECT, "to": [f"{NAME} <{PATIENT}>"]},
}
BOUNCE = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "timestamp": "2026-01-31T12:00:00.000Z",
    "bouncedRecipients": [
        {"emailAddress": BOUNCED, "status": "5.1.1", "diagnosticCode": f"smtp; 550 <{BOUNCED}>: no {NAME}"}
    ],
}
EVENT = {"eventType": "Bounce", "mail": MAIL, "bounce": BOUNCE}
SPOILT: dict[str, Any] = {
    "no bounce": {"eventType": "Bounce", "mail": MAIL},
    "a bounce that is a text": {**EVENT, "bounce": BOUNCED},
    "recipients that are texts": {**EVENT, "bounce": {**BOUNCE, "bouncedRecipients": [BOUNCED]}},
    "no type": {"eventType": [PATIENT], "mail": MAIL},
    "a type of its own": {"eventType": PATIENT, "mail": MAIL},
    "no address": {**EVENT, "bounce": {**BOUNCE, "bouncedRecipients": [{"emailAddress": f"{NAME} {MARK}"}]}},
    "mail that is a text": {**EVENT, "mail": PATIENT},
    "a time that is none": {**EVENT, "mail": {**MAIL, "timestamp": PATIENT}},
    "JSON of something else": {"to": PATIENT, "subject": SUBJECT},
    "no JSON": f"Dear {NAME}, write to {PATIENT}",
    "broken JSON": json.dumps(EVENT)[:-1],
}


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    with logging_as_before():
        yield


@pytest.fixture
def logged(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return everything_logged(capsys)


@pytest.fixture
def nothing_shown(logged: Callable[[], str], client: FlaskClient) -> Callable[..., None]:
    """Return what looks for canaries in answers, the logs and the metrics."""

    def look(*answers: Any) -> None:
        places = {
            "the logs": logged(),
            "the metrics": client.get("/metrics").text,
            **{f"answer {number}": answer.text for number, answer in enumerate(answers)},
        }
        assert places["the logs"].count('"/api/v1/webhooks/ses"') == len(answers) > 0
        assert {name: found for name, text in places.items() if (found := spotted(text))} == {}

    return look


def test_a_message_that_is_not_believed_shows_nothing(
    post: Post, sns: Sns, config_service: FakeConfigService, nothing_shown: Callable[..., None]
) -> None:
    good = sns.notification(EVENT, Subject=SUBJECT)
    text = json.dumps(good)
    refused: dict[str, tuple[Any, dict[str, str]]] = {
        "a bad signature": (good | {"Message": json.dumps({**EVENT, "forged": PATIENT})}, {}),
        "a signature that is a text": (good | {"Signature": PATIENT}, {}),
        "a certificate of an address": (good | {"SigningCertURL": f"https://{PATIENT}/x.pem"}, {}),
        "a topic of others": (sns.notification(EVENT, TopicArn=FOREIGN_TOPIC), {}),
        "a topic that is none": (good | {"TopicArn": f"{TOPIC}:{PATIENT}"}, {}),
        "a type that is none": (good | {"Type": PATIENT}, {}),
        "a time that is none": (good | {"Timestamp": PATIENT}, {}),
        "a header that disagrees": (good, {"x-amz-sns-message-id": PATIENT}),
        "raw delivery": (json.dumps(EVENT), {"x-amz-sns-rawdelivery": "true"}),
        "raw delivery unsaid": (json.dumps(EVENT), {}),
        "half of it": (text[: len(text) // 2], {}),
        "a key twice": (text[:-1] + f', "Type": "{PATIENT}"}}', {}),
        "no UTF-8": (text.encode("utf-16"), {}),
        "an id of the request": (f'{{"x": "{PATIENT}"}}', {"X-Request-Id": PATIENT}),
        "a confirmation of another": (
            sns.confirmation(SubscribeURL=subscribe_url(token=TOKEN), Token=f"{TOKEN}-2"),
            {},
        ),
    }
    answers = {name: post(body, headers) for name, (body, headers) in refused.items()}
    assert {name for name, answer in answers.items() if answer.status_code not in {400, 403}} == set()
    assert config_service.events == []
    nothing_shown(*answers.values())


def test_a_verified_message_shows_nothing_and_reaches_config_service_alone(
    post: Post, sns: Sns, config_service: FakeConfigService, nothing_shown: Callable[..., None]
) -> None:
    answers = [post(sns.notification(message, Subject=SUBJECT)) for message in (EVENT, *SPOILT.values())]
    assert {answer.status_code for answer in answers} == {200}
    assert spotted(repr(config_service.events), BOUNCED), "the control"
    assert spotted(repr(config_service.events), MARK)
    nothing_shown(*answers)


def test_what_config_service_does_not_take_shows_nothing(
    post: Post, sns: Sns, config_service: FakeConfigService, nothing_shown: Callable[..., None]
) -> None:
    config_service.answers[BOUNCED] = RecordResult("refused", message=f"no {BOUNCED}")
    refused = post(sns.notification(EVENT))
    config_service.answers[BOUNCED] = RecordResult("try_later", message=f"no {BOUNCED}")
    later = post(sns.notification(EVENT))
    assert {refused.status_code, later.status_code} == {503}
    nothing_shown(refused, later)


@pytest.fixture
def ailing() -> Iterator[tuple[str, list[Callable[[bytes], bytes]], list[bytes]]]:
    """A config_service that knows no topics and answers events as a test says: its URL, answers, requests."""
    listening = socket.create_server(("127.0.0.1", 0))
    answers: list[Callable[[bytes], bytes]] = []
    requests: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                text = connection.recv(1024 * 1024)
                topics = text.startswith(b"GET ")
                requests.extend([] if topics else [text])
                connection.sendall(
                    _http(200, b'{"success":true,"topics":[]}') if topics else answers[0](text)
                )

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", answers, requests
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


def _http(status: int, body: bytes) -> bytes:
    return f"HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


AILMENTS: dict[str, Callable[[bytes], bytes]] = {
    "a fault that quotes what came": lambda text: _http(500, text),
    "an error of a proxy's": lambda text: _http(502, b"<html>" + text),
    "an answer that is none": lambda text: _http(200, text),
    "a refusal in another shape": lambda text: _http(422, text),
    "a token that is refused": lambda text: _http(401, json.dumps({"detail": text.decode()}).encode()),
    "half an answer": lambda text: _http(200, text)[:-10],
    "no HTTP": lambda text: text,
    "nothing": lambda _: b"",
}


@pytest.mark.enable_socket
@pytest.mark.parametrize("ailment", AILMENTS.values(), ids=AILMENTS.keys())
def test_nothing_is_shown_while_config_service_is_away(
    ailment: Callable[[bytes], bytes],
    ailing: Any,
    settings: WebhookSettings,
    sns: Sns,
    clock: Clock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, answers, requests = ailing
    answers.append(ailment)
    app = create_app(settings, config_client=HttpConfigClient(InternalClient(url, TOKEN)), clock=clock)
    read = everything_logged(capsys)
    client = app.test_client()
    answer = client.post("/api/v1/webhooks/ses", data=json.dumps(sns.notification(EVENT)))
    assert (answer.status_code, answer.json["code"]) == (503, "config_service_unavailable")
    assert spotted(requests[0], BOUNCED), "the control"
    log = read()
    assert '"/api/v1/webhooks/ses"' in log
    for place in (log, answer.text, client.get("/metrics").text):
        assert not spotted(place)
