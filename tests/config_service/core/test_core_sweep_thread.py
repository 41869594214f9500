"""The sweep's thread outlives whatever a run meets."""

import threading
from typing import Any

import pytest
from structlog.testing import capture_logs

from config_service.services.services import Services
from config_service.storage.database import StorageUnavailableError


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def test_a_run_that_fails_is_told_and_the_next_one_comes(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    third = threading.Event()
    outcomes: list[Any] = [StorageUnavailableError("away"), RuntimeError("a fault of ours")]

    def run() -> bool:
        if outcomes:
            raise outcomes.pop(0)
        third.set()
        return True

    monkeypatch.setattr(services.sweep, "run", run)
    with capture_logs() as logs:
        stop = services.sweep.start(0.001)
        assert third.wait(20)
        stop.set()
    assert [line["log_level"] for line in logs if "sweep failed" in line["event"]] == ["warning", "error"]


def test_it_ends_when_it_is_told_to(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = threading.Event()
    monkeypatch.setattr(services.sweep, "run", ran.set)
    before = set(threading.enumerate())
    stop = services.sweep.start(3600)
    assert ran.wait(20)
    (thread,) = [found for found in threading.enumerate() if found not in before and found.name == "sweep"]
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_a_log_that_a_reader_kept_full_is_emptied_by_a_later_run(services: Services) -> None:
    database = services.repositories.database
    emptied = iter([False, True])
    seen = []

    def truncate() -> bool:
        seen.append(next(emptied))
        return seen[-1]

    object.__setattr__(database, "truncate_log", truncate)
    services.clinic_rows.empty_log()
    assert services.sweep.run()
    assert services.sweep.run()
    assert seen == [False, True]
