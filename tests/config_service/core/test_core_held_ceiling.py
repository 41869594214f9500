"""A ceiling on the held events of one topic: what does not fit is not acknowledged, and nothing else is touched."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from core_kit import ROOT, SOURCE, counted, event, give_ses, results
from structlog.testing import capture_logs

from config_service.services.held_ceiling import HeldCeiling
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from shared.ses import UNREADABLE

STRANGER = "who@stranger.example"
OTHER_TOPIC = "arn:aws:sns:us-east-1:123456789012:another"


@pytest.fixture
def settings(settings: ConfigSettings) -> ConfigSettings:
    return replace(settings, held_events_per_topic=3)


def strange(**given: Any) -> Any:
    return event(**{"source": STRANGER, **given})


def test_at_the_ceiling_an_event_is_not_acknowledged_and_the_others_of_its_batch_are(
    services: Services,
) -> None:
    give_ses(services, "c1")
    first = [strange() for _ in range(3)]
    assert results(services, *first) == ["held"] * 3
    found = results(services, strange(), event(source=SOURCE), strange(topic=OTHER_TOPIC), first[0])
    assert found == ["try_later", "recorded", "held", "held"]
    assert (counted(services, "held_events"), counted(services, "events")) == (4, 1)


def test_what_was_turned_away_is_held_once_there_is_room(services: Services, monkeypatch: Any) -> None:
    at = [0.0]
    monkeypatch.setattr(services.feedback._ceiling, "_clock", lambda: at[0])
    results(services, *[strange() for _ in range(3)])
    late = strange(kind=UNREADABLE, recipient=None, raw="{}")
    assert results(services, late) == ["try_later"]
    services.held_events.dismiss(services.held_events.page(0, 1)[0].id or 0, ROOT)
    assert results(services, late) == ["try_later"]  # what was counted a moment ago is still believed
    at[0] = 5.0
    assert results(services, late, strange()) == ["held", "try_later"]


def test_another_process_sees_what_this_one_has_held(
    services: Services, another_process: Callable[..., Services]
) -> None:
    results(services, strange(), strange())
    other = another_process()
    assert results(other, strange(), strange()) == ["held", "try_later"]
    assert counted(services, "held_events") == 3


def test_events_that_were_held_leave_by_their_own_way_at_the_ceiling_too(services: Services) -> None:
    results(services, *[strange() for _ in range(4)])
    give_ses(services, "c1", fromEmail=STRANGER)
    assert (counted(services, "held_events"), counted(services, "events")) == (0, 3)


def test_the_operator_is_told_once_for_each_count_and_not_for_each_event(services: Services) -> None:
    results(services, *[strange() for _ in range(3)])
    ceiling = HeldCeiling(services.repositories.held, 3, lambda: 0.0)
    topic = strange().topic_arn
    with capture_logs() as logs:
        assert [ceiling.has_room(topic) for _ in range(5)] == [False] * 5
    assert [(line["log_level"], line["topicArn"]) for line in logs] == [("error", topic)]
