"""Paths that are answered in front of Flask: what they let pass, and that they answer as Flask does."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import Client, TestResponse

from shared.errors import ServiceError, install_error_handlers
from shared.exchanges import each
from shared.json_endpoint import JsonEndpoint, read_body
from shared.logging import install_request_logging
from shared.security_headers import with_security_headers

PATH = "/api/v1/things"
LIMIT = 100  # bytes


class _RefusedError(ServiceError):
    code = "refused"
    hint = "Ask differently."


class _UnknownCallerError(ServiceError):
    code = "unauthenticated"


STATUSES = {_RefusedError: 422, _UnknownCallerError: 401, ServiceError: 500}

Observed = list[tuple[str, str, int]]


@pytest.fixture
def observed() -> Observed:
    return []


@pytest.fixture
def client(observed: Observed) -> Callable[[Callable[[Mapping[str, Any]], Mapping[str, Any]]], Client]:
    """The same work behind the endpoint and, at /flask, behind Flask itself."""

    def serving(handle: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Client:
        def observe(method: str, route: str, status: int, _: float) -> None:
            observed.append((method, route, status))

        app = Flask("test")
        install_request_logging(app, observe)
        install_error_handlers(app, STATUSES)
        app.add_url_rule("/flask", "flask", lambda: handle({}), methods=["POST"])
        endpoint = JsonEndpoint(
            PATH, lambda exchanges, _: each(exchanges, handle), STATUSES, observe, app.wsgi_app
        )
        return Client(with_security_headers(endpoint))

    return serving


def _raising(error: Exception) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    def handle(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise error

    return handle


def _comparable(response: TestResponse) -> dict[str, Any]:
    kept = ("Content-Type", "Retry-After", "WWW-Authenticate")
    return {
        "status": response.status_code,
        "body": {**response.json, "requestId": None},
        "headers": {name: response.headers.get(name) for name in kept},
    }


@pytest.mark.parametrize(
    "error",
    [
        _RefusedError("No.", errors={"email": ["Not an address."]}),
        _RefusedError("Later.", retry_after=7),
        _UnknownCallerError("Who are you?"),
        RuntimeError("password=hunter2"),
    ],
    ids=["fields", "retry after", "401", "a fault"],
)
def test_an_error_is_answered_as_it_is_behind_flask(error: Exception, client: Any) -> None:
    served = client(_raising(error))
    assert _comparable(served.post(PATH)) == _comparable(served.post("/flask"))


def test_a_fault_is_logged_and_its_text_is_told_to_nobody(client: Any) -> None:
    with capture_logs() as logs:
        response = client(_raising(RuntimeError("password=hunter2"))).post(PATH)
    assert (response.status_code, response.json["code"]) == (500, "internal_server_error")
    assert "hunter2" not in response.text
    assert [line["event"] for line in logs] == ["request failed", "request"]
    assert isinstance(logs[0]["exc_info"], RuntimeError)


def test_an_answer_carries_the_callers_request_id_and_is_counted_by_its_route(
    client: Any, observed: Observed
) -> None:
    response = client(lambda _: {"success": True}).post(PATH, headers={"X-Request-Id": "request-id-1"})
    assert response.json == {"success": True}
    assert response.headers["X-Request-Id"] == "request-id-1"
    assert observed == [("POST", PATH, 200)]


def test_another_method_gets_405_and_is_told_the_right_one(client: Any) -> None:
    response = client(lambda _: {}).get(PATH)
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert "use POST" in response.json["message"]


@pytest.mark.parametrize("path", [f"{PATH}/", f"{PATH}/more", "/api/v1/thing", "/"])
def test_every_other_path_is_left_to_the_application_behind(path: str, client: Any) -> None:
    response = client(_raising(AssertionError("not its path"))).post(path)
    assert (response.status_code, response.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("length", "declared", "status"),
    [(LIMIT, True, 200), (LIMIT, False, 200), (LIMIT + 1, True, 413), (LIMIT + 1, False, 413)],
)
def test_a_body_may_be_as_long_as_the_limit_and_no_longer(
    length: int, declared: bool, status: int, client: Any
) -> None:
    chunked = {} if declared else {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    body = b" " * length
    served = client(lambda environ: {"length": len(read_body(environ, LIMIT))})
    response = (
        served.post(PATH, data=body)
        if declared
        else served.post(PATH, input_stream=io.BytesIO(body), environ_overrides=chunked)
    )
    assert response.status_code == status
    if status == 200:
        assert json.loads(response.text) == {"length": length}
