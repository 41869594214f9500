"""Whose a topic is, from a snapshot that is never older than it may be."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sns_kit import CLINIC_TOPIC, FOREIGN_TOPIC, THREADS, TOPIC, Clock, FakeConfigService

from shared.internal_client import InternalCallError
from webhook_service import single_flight
from webhook_service.clinic_mapper import MAX_WAITING, ClinicMapper
from webhook_service.errors import TopicsBusyError
from webhook_service.topic_snapshots import Ownership, TopicOwner

DOWN = InternalCallError("config_service did not answer.")


@pytest.fixture
def mapper(config_service: FakeConfigService, clock: Clock) -> ClinicMapper:
    return ClinicMapper([TOPIC], config_service, clock, clock.advance)


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
    began = clock.seconds
    for times in range(1, 4):
        assert mapper.find(FOREIGN_TOPIC) is None
        assert config_service.times_asked_for_topics == times
        assert clock.seconds == began + times - 1
    clock.advance(1)
    assert mapper.find(FOREIGN_TOPIC) is None
    assert clock.seconds == began + 3, "its turn had come"


@pytest.mark.parametrize("age", [0, 0.3, 0.999, 1, 4.9])
def test_a_topic_that_was_saved_a_moment_ago_is_found(
    age: float, mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    """However young the snapshot is that lacks it: a 403 would lose the message."""
    assert mapper.find(FOREIGN_TOPIC) is None
    clock.advance(age)
    config_service.owners[FOREIGN_TOPIC] = ("clinic-9",)
    assert mapper.find(FOREIGN_TOPIC) == TopicOwner(Ownership.CLINIC, "clinic-9")
    assert clock.seconds == 1000 + max(age, 1)


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

    class Counting(FakeConfigService):
        def topics(self, etag: str | None) -> Any:
            asked.append(etag)
            assert all_others_wait.wait(10)
            return super().topics(etag)

    mapper = ClinicMapper([], Counting(), clock)
    with ThreadPoolExecutor(THREADS) as pool:
        owners = list(pool.map(mapper.find, [CLINIC_TOPIC] * THREADS))
    assert set(owners) == {TopicOwner(Ownership.CLINIC, "clinic-1")}
    assert len(asked) == 1


class Slow(FakeConfigService):
    """Tells only when it is let, and then what was true when it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.let = threading.Event()
        self.let.set()

    def topics(self, etag: str | None) -> Any:
        answer = super().topics(etag)
        self.asked.set()
        assert self.let.wait(10)
        return answer

    def hold(self) -> None:
        self.let.clear()
        self.asked.clear()


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as pool:
        yield pool


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a thread waits for another one's question."""
    event = threading.Event()

    class Watched(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            if not self.done():
                event.set()
            return super().result(timeout)

    monkeypatch.setattr(single_flight, "Future", Watched)
    return event


Meet = Callable[..., Any]


@pytest.fixture
def meet(slow: Slow, clock: Clock, pool: ThreadPoolExecutor) -> Meet:
    """Ask for a topic that was saved after another thread's question for it began, which is under way."""

    def find(age: float, during_wait: Callable[[Future[Any]], None], release: Callable[[], None]) -> Any:
        def wait(seconds: float) -> None:
            during_wait(earlier)
            clock.advance(seconds)

        mapper = ClinicMapper([], slow, clock, wait)
        mapper.refresh()
        clock.advance(age)
        slow.hold()
        earlier = pool.submit(mapper.find, FOREIGN_TOPIC)
        assert slow.asked.wait(10)
        slow.owners[FOREIGN_TOPIC] = ("clinic-9",)
        pool.submit(release)
        try:
            return mapper.find(FOREIGN_TOPIC)
        finally:
            slow.let.set()
            assert earlier.result(10) is None

    return find


def test_a_miss_takes_no_answer_to_a_question_older_than_itself(slow: Slow, meet: Meet) -> None:
    def end(earlier: Future[Any]) -> None:
        slow.let.set()
        earlier.result(10)

    assert meet(1, end, lambda: None) == TopicOwner(Ownership.CLINIC, "clinic-9")
    assert slow.times_asked_for_topics == 3


def test_nor_does_one_that_had_no_snapshot_and_joined_it(
    slow: Slow, meet: Meet, joined: threading.Event
) -> None:
    def release() -> None:
        assert joined.wait(10)
        slow.let.set()

    found = meet(5, lambda earlier: earlier.result(10), release)
    assert found == TopicOwner(Ownership.CLINIC, "clinic-9")
    assert slow.times_asked_for_topics == 3


@pytest.mark.parametrize(("age", "took"), [(1, 0), (5, 1.1)], ids=["after a wait", "after joining"])
def test_a_miss_that_a_long_question_holds_up_comes_again(
    *, age: float, took: float, slow: Slow, clock: Clock, meet: Meet, joined: threading.Event
) -> None:
    def release() -> None:
        assert joined.wait(10)
        clock.advance(took)
        slow.let.set()

    with pytest.raises(TopicsBusyError):
        meet(age, lambda _: None, release)
    assert slow.times_asked_for_topics == 2


def test_only_few_threads_wait_for_their_turn(
    config_service: FakeConfigService, clock: Clock, pool: ThreadPoolExecutor
) -> None:
    waiting, turn = threading.Semaphore(0), threading.Event()

    def wait(_: float) -> None:
        waiting.release()
        assert turn.wait(10)

    mapper = ClinicMapper([], config_service, clock, wait)
    mapper.refresh()
    misses = [pool.submit(mapper.find, FOREIGN_TOPIC) for _ in range(MAX_WAITING)]
    assert all(waiting.acquire(timeout=10) for _ in misses)
    with pytest.raises(TopicsBusyError) as caught:
        mapper.find(FOREIGN_TOPIC)
    assert caught.value.retry_after
    assert mapper.find(CLINIC_TOPIC), "what is known is found all the same"
    clock.advance(1)
    turn.set()
    assert [miss.result(10) for miss in misses] == [None] * MAX_WAITING
    assert config_service.times_asked_for_topics == 2, "one question serves both"


def test_a_failure_gives_the_place_in_the_queue_back(
    mapper: ClinicMapper, config_service: FakeConfigService, clock: Clock
) -> None:
    mapper.refresh()
    for _ in range(MAX_WAITING + 1):
        config_service.failure = DOWN
        with pytest.raises(InternalCallError):
            mapper.find(FOREIGN_TOPIC)
    config_service.failure = None
    assert mapper.find(FOREIGN_TOPIC) is None


@pytest.mark.parametrize("failure", [None, DOWN], ids=["answered", "failed"])
def test_a_question_that_came_between_has_taken_the_turn(
    failure: InternalCallError | None, config_service: FakeConfigService, clock: Clock
) -> None:
    def wait(seconds: float) -> None:
        clock.advance(seconds)
        config_service.failure = failure
        with suppress(InternalCallError):
            mapper.refresh()
        config_service.failure = None

    mapper = ClinicMapper([], config_service, clock, wait)
    mapper.refresh()
    if failure:
        with pytest.raises(TopicsBusyError):
            mapper.find(FOREIGN_TOPIC)
    else:
        assert mapper.find(FOREIGN_TOPIC) is None
    assert config_service.times_asked_for_topics == 2
