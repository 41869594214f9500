"""What comes at the same time goes out together, and everybody gets their own answers."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from shared.batching import Batcher, NoRoomError, WaitedTooLongError, _Request

SECONDS = 20  # for a thread to get where it must get; none needs them


class Line:
    """Answers with the negative of each number, the first call only once it is let through."""

    def __init__(self, limit: int = 100, patience: float | None = None, room: int | None = None) -> None:
        self.calls: list[list[int]] = []
        self.first_is_in = threading.Event()
        self.go_on = threading.Event()
        self.fails: Callable[[Sequence[int]], BaseException | None] = lambda _: None
        self.batcher: Batcher[int, int] = Batcher(self.answer, limit, patience, room)

    def answer(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        if len(self.calls) == 1:
            self.first_is_in.set()
            assert self.go_on.wait(SECONDS)
        if error := self.fails(numbers):
            raise error
        return [-number for number in numbers]

    def ask(self, *requests: list[int]) -> list[Future[Sequence[int]]]:
        """Ask for the first, and while it is under way for the others, one after the other."""
        pool = ThreadPoolExecutor(len(requests))
        first = pool.submit(self.batcher, requests[0])
        assert self.first_is_in.wait(SECONDS)
        others = []
        for place, request in enumerate(requests[1:], start=1):
            others.append(pool.submit(self.batcher, request))
            self.await_waiting(place)
        self.go_on.set()
        pool.shutdown(wait=False)
        return [first, *others]

    def await_waiting(self, count: int) -> None:
        give_up_at = time.monotonic() + SECONDS
        while len(self.batcher._waiting) < count:
            assert time.monotonic() < give_up_at
            time.sleep(0.001)


def test_a_request_that_comes_alone_goes_out_alone() -> None:
    line = Line()
    line.go_on.set()
    assert [line.batcher([1, 2]), line.batcher([3])] == [[-1, -2], [-3]]
    assert line.calls == [[1, 2], [3]]


def test_what_comes_during_a_call_goes_out_together_one_half_while_the_other_is_away() -> None:
    line = Line()
    asked = line.ask([1], [2, 3], [4], [5, 6], [7], [8])
    assert [each.result(SECONDS) for each in asked] == [[-1], [-2, -3], [-4], [-5, -6], [-7], [-8]]
    assert line.calls == [[1], [2, 3, 4, 5, 6], [7, 8]]


def test_a_call_takes_no_more_than_its_limit_and_at_least_one_request() -> None:
    line = Line(limit=3)
    asked = line.ask([1], [2, 3], [4], [5], [6, 7, 8, 9], [10])
    assert [len(each.result(SECONDS)) for each in asked] == [1, 2, 1, 1, 4, 1]
    assert line.calls == [[1], [2, 3, 4], [5], [6, 7, 8, 9], [10]]


def test_an_error_reaches_those_who_went_out_together_and_nobody_else() -> None:
    line = Line(limit=2)
    line.fails = lambda numbers: ValueError("no 3") if 3 in numbers else None
    asked = line.ask([1], [2], [3], [4])
    assert [asked[0].result(SECONDS), asked[3].result(SECONDS)] == [[-1], [-4]]
    for failed in asked[1:3]:
        with pytest.raises(ValueError, match="no 3"):
            failed.result(SECONDS)
    assert line.batcher([5]) == [-5]


def test_nobody_waits_for_ever_where_the_leading_thread_is_ended() -> None:
    line = Line()
    line.fails = lambda numbers: SystemExit(1) if 2 in numbers else None
    asked = line.ask([1], [2], [3])
    for ended in asked[1:]:
        with pytest.raises(SystemExit):
            ended.result(SECONDS)
    assert line.batcher([4]) == [-4]


def test_who_waits_too_long_for_an_earlier_call_is_told_and_stops_nobody() -> None:
    line = Line(patience=0.05)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(line.batcher, [1])
        assert line.first_is_in.wait(SECONDS)
        second = pool.submit(line.batcher, [2])
        with pytest.raises(WaitedTooLongError):
            second.result(SECONDS)
        line.go_on.set()
        assert first.result(SECONDS) == [-1]
    assert line.batcher([3]) == [-3]
    assert line.calls == [[1], [3]]


def test_who_finds_the_queue_full_is_turned_away_at_once_and_stops_nobody() -> None:
    line = Line(room=1)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(line.batcher, [1])
        assert line.first_is_in.wait(SECONDS)
        second = pool.submit(line.batcher, [2])
        line.await_waiting(1)
        with pytest.raises(NoRoomError):
            line.batcher([3])
        line.go_on.set()
        assert [first.result(SECONDS), second.result(SECONDS)] == [[-1], [-2]]
    assert line.batcher([4]) == [-4]
    assert line.calls == [[1], [2], [4]]


def test_who_is_to_lead_or_has_gone_out_waits_on_whatever_its_patience() -> None:
    batcher: Batcher[int, int] = Batcher(lambda numbers: [-number for number in numbers], 100, 0)
    gone_out, to_lead = _Request[int, int]([1]), _Request[int, int]([2])
    to_lead.woken.set()
    batcher._waiting.append(to_lead)
    for request in (gone_out, to_lead):
        batcher._leave(request)
    assert batcher._waiting == [to_lead]


def test_many_threads_get_the_answers_to_their_own_questions() -> None:
    line = Line(limit=7)
    line.go_on.set()
    with ThreadPoolExecutor(16) as pool:
        found = pool.map(lambda number: line.batcher([number, number + 1000]), range(500))
        assert list(found) == [[-number, -number - 1000] for number in range(500)]
    assert sum(map(len, line.calls)) == 1000
