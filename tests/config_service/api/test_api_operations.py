"""What machines and operators ask: alive, ready, how much of what; and which headers every answer carries."""

from typing import Any

import pytest

from shared.logging import configure_logging

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the database does not matter


def test_it_is_ready_while_the_database_answers_and_alive_in_any_case(
    client: Any, break_database: Any
) -> None:
    before = [client.get(path).status_code for path in ("/healthz", "/readyz")]

    break_database()

    ready = client.get("/readyz")
    assert before == [200, 200]
    assert (client.get("/healthz").status_code, ready.status_code) == (200, 503)
    assert ready.json["code"] == "database_unavailable"
    assert ready.json["requestId"] == ready.headers["X-Request-Id"]


def test_an_api_call_without_a_database_is_a_503_that_says_when_to_try_again(
    of: Any, set_up: Any, break_database: Any
) -> None:
    set_up("c1")
    break_database()

    failed = of("c1", "GET", "config")

    assert (failed.status_code, failed.json["code"]) == (503, "database_unavailable")
    assert failed.headers["Retry-After"] == "5"
    assert "psycopg" not in failed.text


def sample(text: str, start: str) -> float:
    """Return the value of the sample that begins so, or 0 where there is none yet."""
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(start))


def test_the_metrics_count_by_template_and_name_no_patient_and_no_clinic(
    client: Any, of: Any, set_up: Any, record: Any, event: Any
) -> None:
    before = client.get("/metrics").text
    set_up("clinic-of-the-metrics")

    of("clinic-of-the-metrics", "POST", "test-email", {"testEmail": "jane@example.org"})
    record(
        event("Bounce", "jane@example.org"), event("Bounce", "x@example.org", source="who@stranger.example")
    )
    record(event("Bounce", "bounce@simulator.amazonses.com"), event("NeverSeen", None))

    answer = client.get("/metrics")
    grown = {
        start: sample(answer.text, start) - sample(before, start)
        for start in (
            'http_requests_total{method="POST",route="/api/v1/clinics/<clinic_id>/communication/test-email",status="200"}',
            'feedback_events_total{kind="Bounce",result="recorded",simulated="false"}',
            'feedback_events_total{kind="Bounce",result="recorded",simulated="true"}',
            'feedback_events_total{kind="other",result="recorded",simulated="false"}',
            'test_emails_total{provider="primary",result="accepted"}',
        )
    }
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    assert list(grown.values()) == [1] * 5, grown
    assert sample(answer.text, 'held_events{reason="unknown_source"}') == 1
    assert "jane" not in answer.text
    assert "clinic-of-the-metrics" not in answer.text
    assert "NeverSeen" not in answer.text


@ON_SQLITE
def test_an_unknown_path_adds_no_series(client: Any) -> None:
    client.get("/some-path-that-a-stranger-thought-of")

    assert "some-path-that-a-stranger" not in client.get("/metrics").text


@ON_SQLITE
def test_the_metrics_answer_while_the_database_is_away(client: Any, break_database: Any) -> None:
    break_database()

    answer = client.get("/metrics")

    assert answer.status_code == 200
    assert "http_requests_total" in answer.text


@ON_SQLITE
@pytest.mark.parametrize("path", ["config", "suppressions", "events", "suppressions/export"])
def test_no_answer_about_a_clinic_may_be_kept_by_a_proxy(of: Any, set_up: Any, path: str) -> None:
    set_up("c1")

    answer = of("c1", "GET", path)

    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@ON_SQLITE
def test_the_access_log_names_templates_and_never_an_address(
    of: Any, client: Any, set_up: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging("INFO")
    set_up("c1")

    of("c1", "POST", "suppressions/check", {"email": "jane@example.org"})
    client.get("/jane@example.org")

    written = capsys.readouterr().err
    assert "/suppressions/check" in written
    assert "jane@" not in written
