"""Whose a topic is, from a snapshot that is never older than it may be."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sns_kit import CLINIC_TOPIC, FOREIGN_TOPIC, THREADS, TOPIC, Clock, FakeConfigService

from shared.internal_client import InternalCallError
from webhook_service.clinic_mapper import ClinicMapper, Ownership, TopicOwner

DOWN = InternalCallError("config_service did not answer.")


@pytest.fixture
def mapper(config_service: FakeConfigService, clock: Clock) -> ClinicMapper:
    return ClinicMapper([TOPIC], config_service, clock)


def test_shared_topics_need_nobody_to_be_asked(
    mapper: ClinicMapper, config_service: FakeConfigService
) -> None:
    config_service.failure = DOWN
    assert mapper.find(TOPIC) == TopicOwner(Ownership.SHARED)
    assert config_service.times_asked_for_topics == 0


def test_a_shared_topic_stays_shared_though_a_clinic_names_it(
    mapper: ClinicMapper, config_service: FakeConfigService
) -> None:
    config_service.owners[TOPIC] = ("clinic-1",)
    mapper.refresh()
    assert mapper.find(TOPIC) == TopicOwner(Ownership.SHARED)


@pytest.mark.parametrize(
    ("clinics", "owner"),
    [
        (("clinic-1",), TopicOwner(Ownership.CLINIC, "clinic-1")),
        (("clinic-1", "clinic-2"), TopicOwner(Ownership.CONTESTED)),
        ((), None),
    ],
)
def test_the_number_of_its_clinics_decides_whose_a_topic_is(
    clinics: tuple[str, ...],
    owner: TopicOwner | None,
    mapper: ClinicMapper,
    config_service: FakeConfigService,
) -> None:
    config_service.owners[CLINIC_TOPIC] = clinics
    assert mapper.find(CLINIC_TOPIC) == owner


def test_a_snapshot_serves_for_five_seconds(
    mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    mapper.find(CLINIC_TOPIC)
    clock.advance(4.9)
    config_service.failure = DOWN
    assert mapper.find(CLINIC_TOPIC)
    assert config_service.times_asked_for_topics == 1


def test_a_snapshot_serves_no_longer_even_when_nobody_answers(
    mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    mapper.find(CLINIC_TOPIC)
    clock.advance(5)
    config_service.failure = DOWN
    with pytest.raises(InternalCallError):
        mapper.find(CLINIC_TOPIC)


def test_a_topic_that_a_clinic_gave_up_is_unknown_after_five_seconds(
    mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    mapper.find(CLINIC_TOPIC)
    del config_service.owners[CLINIC_TOPIC]
    clock.advance(5)
    assert mapper.find(CLINIC_TOPIC) is None


def test_an_unchanged_answer_counts_for_another_five_seconds(
    mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    mapper.find(CLINIC_TOPIC)
    clock.advance(5)
    mapper.find(CLINIC_TOPIC)
    clock.advance(4.9)
    config_service.failure = DOWN
    assert mapper.find(CLINIC_TOPIC) == TopicOwner(Ownership.CLINIC, "clinic-1")


def test_an_unknown_topic_is_asked_for_once_a_second(
    mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    for _ in range(3):
        assert mapper.find(FOREIGN_TOPIC) is None
    assert config_service.times_asked_for_topics == 1
    clock.advance(1)
    for _ in range(3):
        assert mapper.find(FOREIGN_TOPIC) is None
    assert config_service.times_asked_for_topics == 2


def test_a_new_topic_is_found_after_a_second(
    mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    assert mapper.find(FOREIGN_TOPIC) is None
    config_service.owners[FOREIGN_TOPIC] = ("clinic-9",)
    clock.advance(1)
    assert mapper.find(FOREIGN_TOPIC) == TopicOwner(Ownership.CLINIC, "clinic-9")


def test_an_unknown_topic_is_not_refused_while_nobody_answers(
    mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    mapper.find(CLINIC_TOPIC)
    clock.advance(1)
    config_service.failure = DOWN
    with pytest.raises(InternalCallError):
        mapper.find(FOREIGN_TOPIC)
    assert mapper.find(CLINIC_TOPIC), "what is fresh still serves"


def test_a_first_answer_without_a_list_knows_no_topic(clock: Clock) -> None:
    class Odd(FakeConfigService):
        def topics(self, _: str | None) -> tuple[str | None, None]:
            return "etag", None

    assert ClinicMapper([], Odd(), clock).find(CLINIC_TOPIC) is None


def test_threads_share_one_question(clock: Clock, all_others_wait: threading.Event) -> None:
    asked = []

    class Slow(FakeConfigService):
        def topics(self, etag: str | None) -> Any:
            asked.append(etag)
            assert all_others_wait.wait(10)
            return super().topics(etag)

    mapper = ClinicMapper([], Slow(), clock)
    with ThreadPoolExecutor(THREADS) as pool:
        owners = list(pool.map(mapper.find, [CLINIC_TOPIC] * THREADS))
    assert set(owners) == {TopicOwner(Ownership.CLINIC, "clinic-1")}
    assert len(asked) == 1
