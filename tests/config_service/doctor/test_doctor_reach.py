"""The webhook's URL, tried from here: what the answer means, and what is not tried."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from config_service.providers import webhook_reach
from config_service.providers.webhook_reach import WebhookReach

DEVELOPMENT, PRODUCTION = WebhookReach(allow_private=True), WebhookReach(allow_private=False)
PATH = "/api/v1/webhooks/ses"


class _Endpoint(BaseHTTPRequestHandler):
    status = 400

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{PATH}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("status", "fits", "said"),
    [
        (400, True, "answers as the webhook does"),
        (503, True, "config_service is not"),
        (301, False, "redirects"),
        (404, False, "answers 404"),
        (200, False, "answers 200"),
    ],
)
def test_an_answer_says_whether_it_is_the_webhook(
    url: str, monkeypatch: pytest.MonkeyPatch, status: int, fits: bool, said: str
) -> None:
    monkeypatch.setattr(_Endpoint, "status", status)
    answer = DEVELOPMENT.look(url)
    assert (answer.fits, answer.reached) == (fits, True)
    assert said in answer.text


@pytest.mark.enable_socket
def test_a_certificate_that_is_not_there_and_a_port_that_is_closed_are_told_apart(url: str) -> None:
    plain = DEVELOPMENT.look(url.replace("http:", "https:"))
    assert (plain.fits, plain.reached) == (False, False)
    assert "certificate" in plain.text
    closed = DEVELOPMENT.look(f"http://127.0.0.1:1{PATH}")
    assert (closed.fits, closed.reached) == (False, False)
    assert "cannot be reached" in closed.text


@pytest.mark.enable_socket  # for getaddrinfo; addresses ask no DNS
@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"http://hooks.example{PATH}", "not https"),
        (f"https://127.0.0.1{PATH}", "not on the public internet"),
        (f"https://169.254.169.254{PATH}", "not on the public internet"),
        (f"https://[::1]{PATH}", "not on the public internet"),
    ],
)
def test_production_tries_nothing_but_the_internet(
    url: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_reach.urllib3, "HTTPSConnectionPool", None)  # would be an error
    answer = PRODUCTION.look(url)
    assert (answer.fits, answer.reached) == (False, False)
    assert said in answer.text
