"""One JSON shape for every error, JSON logs that name nobody, and the id that runs through both."""

import contextvars
import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask, abort
from structlog.testing import capture_logs
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests, Unauthorized, UnprocessableEntity

from shared.access_line import AccessLine, current_request_id
from shared.errors import ServiceError, error_body, install_error_handlers
from shared.logging import configure_logging, install_request_logging
from shared.metrics import MULTIPROCESS_DIRECTORY, exposition, observe_requests


class _NotFoundError(ServiceError):
    code = "no_such_thing"
    hint = "Look elsewhere."


class _MoreSpecialError(_NotFoundError):
    pass


@pytest.fixture
def observed() -> list[tuple[str, str, int]]:
    return []


@pytest.fixture
def app(observed: list[tuple[str, str, int]]) -> Flask:
    app = Flask("test")
    install_request_logging(app, lambda method, route, status, _: observed.append((method, route, status)))
    install_error_handlers(app, {ServiceError: 400, _NotFoundError: 404})
    return app


def _get(app: Flask, error: Exception, **headers: str) -> Any:
    @app.get("/things/<name>")
    def fail(name: str) -> str:
        raise error

    return app.test_client().get("/things/jane@example.com", headers=headers)


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (
            _NotFoundError("It is gone."),
            404,
            {"code": "no_such_thing", "message": "It is gone.", "hint": "Look elsewhere.", "errors": {}},
        ),
        (
            _MoreSpecialError("It is gone.", code="really_gone", hint=""),
            404,
            {"code": "really_gone", "message": "It is gone.", "hint": "", "errors": {}},
        ),
        (
            ServiceError("Wrong.", errors={"email": ["Not an address."]}),
            400,
            {"code": "error", "message": "Wrong.", "hint": "", "errors": {"email": ["Not an address."]}},
        ),
    ],
    ids=["own", "subclass", "fields"],
)
def test_an_error_of_ours_has_its_status_and_the_one_shape(
    error: ServiceError, status: int, body: dict[str, Any], app: Flask
) -> None:
    response = _get(app, error, **{"X-Request-Id": "request-id-1"})
    assert response.status_code == status
    assert response.json == {"success": False, "requestId": "request-id-1"} | body


def test_retry_after_is_a_header(app: Flask) -> None:
    assert _get(app, ServiceError("Later.", retry_after=7)).headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unauthorized(), 401, "unauthorized"),
        (TooManyRequests(retry_after=9), 429, "too_many_requests"),
        (ServiceUnavailable(), 503, "service_unavailable"),
        (UnprocessableEntity(), 422, None),
    ],
)
def test_an_http_error_has_the_one_shape(error: Any, status: int, code: str | None, app: Flask) -> None:
    response = _get(app, error)
    assert response.status_code == status
    assert response.json["code"] == (code or response.json["code"])
    assert set(response.json) == {"success", "code", "message", "hint", "errors", "requestId"}
    if status == 429:
        assert response.headers["Retry-After"] == "9"
    if status == 401:
        assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("messages", "errors"),
    [
        ({"json": {"email": ["Missing."]}}, {"email": ["Missing."]}),
        ({"json": ["Invalid input type."]}, {"_body": ["Invalid input type."]}),
        ([], {}),
    ],
    ids=str,
)
def test_the_fields_that_a_parser_found_wrong_are_named(
    messages: Any, errors: dict[str, Any], app: Flask
) -> None:
    error = UnprocessableEntity()
    error.data = {"messages": messages}  # type: ignore[attr-defined]
    response = _get(app, error)
    assert response.json["errors"] == errors
    assert (response.json["code"] == "invalid_request") is bool(errors)


def test_405_says_what_is_allowed(app: Flask) -> None:
    _get(app, ServiceError("x"))
    response = app.test_client().post("/things/x")
    assert "GET" in response.headers["Allow"]
    assert response.json["hint"]


def test_a_fault_says_nothing_of_itself(app: Flask) -> None:
    response = _get(app, RuntimeError("password=hunter2"))
    assert response.status_code == 500
    assert "hunter2" not in response.get_data(as_text=True)
    assert response.json["requestId"]


def test_a_fault_fails_a_test(app: Flask) -> None:
    app.testing = True
    with pytest.raises(RuntimeError, match="hunter2"):
        _get(app, RuntimeError("hunter2"))


def test_requests_are_observed_by_their_route_and_not_by_their_path(
    app: Flask, observed: list[tuple[str, str, int]]
) -> None:
    with capture_logs() as logs:
        _get(app, _NotFoundError("x"))
        app.test_client().get("/jane@example.com")
    assert [line["route"] for line in logs] == ["/things/<name>", "(no route)"]
    assert "jane" not in str(logs)
    assert observed == [("GET", "/things/<name>", 404), ("GET", "(no route)", 404)]


def test_abort_has_the_one_shape_too(app: Flask) -> None:
    @app.get("/x")
    def view() -> str:
        abort(409, "Taken.")

    response = app.test_client().get("/x")
    assert (response.status_code, response.json["message"]) == (409, "Taken.")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("request-id-1", True),
        ("a.b_c-D9" * 16, True),
        ("short", False),
        ("x" * 129, False),
        ("new\nline-12345", False),
        ("jane@example.com", False),
        (None, False),
    ],
)
def test_a_callers_id_is_taken_where_it_is_safe(given: str | None, kept: bool) -> None:
    request_id = AccessLine.begin(given).request_id
    assert (request_id == given) is kept
    assert current_request_id() == request_id
    assert error_body(ServiceError("x"))["requestId"] == request_id


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """Run something with logging configured, and return the lines it wrote."""

    def written_by(act: Callable[[], Any]) -> list[dict[str, Any]]:
        configure_logging("INFO")
        act()
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    yield written_by
    root = logging.getLogger()
    for handler in root.handlers[:]:  # its stream ends with this test; pytest's own handlers stay
        if type(handler) is logging.StreamHandler:
            root.removeHandler(handler)


def test_logs_are_json_with_the_requests_id_and_without_addresses(logs: Any) -> None:
    def act() -> None:
        AccessLine.begin("request-id-1")
        structlog.get_logger("x").info(
            "sent to jane@example.com",
            to=["mary@example.com", ("bob@example.com", 7)],
            more={"a": "eve@example.com"},
            count=7,
        )
        logging.getLogger("library").warning("bounced: %s", "jane@example.com")

    ours, theirs = logs(act)
    assert ours["message"] == "sent to j***@example.com"
    assert ours["to"] == ["m***@example.com", ["b***@example.com", 7]]
    assert ours["more"] == {"a": "e***@example.com"}
    assert (ours["count"], ours["level"], ours["logger"]) == (7, "info", "x")
    assert ours["requestId"] == "request-id-1"
    assert theirs["message"] == "bounced: j***@example.com"
    assert theirs["level"] == "warning"


def test_an_address_is_masked_wherever_it_stands_in_a_line(logs: Any) -> None:
    class Mail:
        def __repr__(self) -> str:
            return "<mail to jane@example.com>"

    def act() -> None:
        log = structlog.get_logger("x")
        log.info("sent", mail=Mail(), all={"jane@example.com": 1, "b": {"mary@example.com"}})
        log.info("half a surrogate pair", text="\ud800 jane@example.com")

    line, with_half = logs(act)
    assert line["mail"] == "<mail to j***@example.com>"
    assert line["all"] == {"j***@example.com": 1, "b": ["m***@example.com"]}
    assert with_half["text"] == "\ud800 j***@example.com"


def test_a_traceback_is_masked_too(logs: Any) -> None:
    def act() -> None:
        try:
            int("no mailbox jane@example.com")
        except ValueError:
            structlog.get_logger("x").exception("failed")

    [line] = logs(act)
    assert "j***@example.com" in line["exception"]
    assert "jane@" not in str(line)


@pytest.mark.parametrize("name", ["botocore.part", "urllib3.part", "peewee", "werkzeug", "gunicorn.access"])
def test_loggers_that_write_bodies_or_paths_are_kept_quiet(name: str, logs: Any) -> None:
    assert logs(lambda: logging.getLogger(name).info("GET /jane")) == []


def test_details_are_logged_only_when_asked_for(logs: Any) -> None:
    assert logs(lambda: structlog.get_logger("x").debug("detail")) == []


def test_outside_of_a_request_there_is_no_id_to_log(logs: Any) -> None:
    [line] = logs(lambda: contextvars.Context().run(structlog.get_logger("x").info, "started"))
    assert "requestId" not in line


def test_unusual_methods_share_one_series() -> None:
    observe_requests("TELEPORT", "/x-test", 405, [0.1])
    observe_requests("GET", "/x-test", 200, [0.1])
    body, content_type = exposition()
    text = body.decode()
    assert 'http_requests_total{method="other",route="/x-test",status="405"} 1.0' in text
    assert 'http_requests_total{method="GET",route="/x-test",status="200"} 1.0' in text
    assert content_type.startswith("text/plain")


def test_each_of_several_requests_is_counted_and_timed() -> None:
    observe_requests("POST", "/x-several", 200, [0.1, 0.2, 20])
    text = exposition()[0].decode()
    assert 'http_requests_total{method="POST",route="/x-several",status="200"} 3.0' in text
    assert 'http_request_duration_seconds_count{method="POST",route="/x-several"} 3.0' in text
    assert 'http_request_duration_seconds_bucket{le="15.0",method="POST",route="/x-several"} 2.0' in text


def test_several_processes_are_summed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, MULTIPROCESS_DIRECTORY, str(tmp_path))
    assert exposition()[0] == b""


def test_a_collector_can_be_added() -> None:
    class _One:
        def collect(self) -> list[Any]:
            from prometheus_client.metrics_core import GaugeMetricFamily  # noqa: PLC0415

            return [GaugeMetricFamily("held_events", "x", value=3)]

    assert b"held_events 3.0" in exposition(_One())[0]
