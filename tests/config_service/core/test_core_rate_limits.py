"""So many in so long: over all processes, whatever the clock does, and without rows that pile up."""

from collections.abc import Callable
from typing import Any

import pytest
from core_kit import at_once, counted
from pyrate_limiter import GCRA, Rate, RateItem, StateBucket

from config_service.services.rate_limits import HOUR, MINUTE, RateLimit
from config_service.services.services import Services
from config_service.storage.rate_states import RateStates


def limit(
    services: Services, clock: Any, most: int = 5, interval: int = MINUTE, name: str = "x"
) -> RateLimit:
    return RateLimit(name, Rate(most, interval), RateStates(services.repositories.database), clock)


def test_processes_that_take_at_the_same_time_take_no_more_than_there_is(
    services: Services, another_process: Callable[..., Services], clock: Any
) -> None:
    processes = [services, another_process(), another_process()]
    limits = [limit(process, clock) for process in processes]
    jobs = [
        (process, lambda each=each: each.take("k")) for process, each in zip(processes, limits, strict=True)
    ]

    waits = at_once(*(jobs * 4))

    assert sorted(waits) == [0] * 5 + [12] * 7


def test_what_was_taken_comes_back_bit_by_bit(services: Services, clock: Any) -> None:
    most = limit(services, clock, most=4, interval=HOUR)
    assert [most.take("k") for _ in range(5)] == [0, 0, 0, 0, 900]
    clock.advance(450_500)
    assert most.take("k") == 450
    clock.advance(449_500)
    assert [most.take("k"), most.take("k")] == [0, 900]
    clock.advance(HOUR)
    assert [most.take("k") for _ in range(5)] == [0, 0, 0, 0, 900]


def test_keys_and_limits_have_shares_of_their_own(services: Services, clock: Any) -> None:
    one, other = limit(services, clock, most=1), limit(services, clock, most=1, name="y")
    assert [one.take("k"), one.take("l"), other.take("k"), one.take("k")] == [0, 0, 0, 60]


@pytest.mark.parametrize("key", ["\ud800", "x" * 100_000, "'; DROP TABLE rate_limits; --", "\x00"])
def test_any_text_is_a_key(services: Services, clock: Any, key: str) -> None:
    most = limit(services, clock, most=1)
    assert [most.take(key), most.take(key)] == [0, 60]


def test_nobody_waits_for_a_time_that_comes_again_since_the_clock_was_set_back(
    services: Services, clock: Any
) -> None:
    clock.advance(10 * HOUR)
    assert [limit(services, clock, most=1).take("k") for _ in range(2)] == [0, 60]
    full = limit(services, clock, most=1)
    full.take("k")  # knows by heart until when
    clock.advance(-10 * HOUR)
    assert limit(services, clock, most=1).take("k") == 0
    assert full.take("k") == 60


def test_the_sweep_drops_rows_that_matter_no_more(services: Services, clock: Any) -> None:
    limit(services, clock).take("early")
    clock.advance(HOUR)
    limit(services, clock).take("late")
    assert counted(services, "rate_limits") == 2
    services.sweep.run()
    assert counted(services, "rate_limits") == 1


def test_a_bucket_over_the_rows_says_how_much_is_used_and_can_be_emptied(
    services: Services, clock: Any
) -> None:
    states = RateStates(services.repositories.database)
    bucket = StateBucket([Rate(3, MINUTE)], GCRA(), states.of("k"))
    assert states.of("k").read(GCRA(), [Rate(3, MINUTE)]) == (0,)
    assert [bucket.put(RateItem("k", clock())) for _ in range(4)] == [True, True, True, False]
    assert states.of("k").read(GCRA(), [Rate(3, MINUTE)]) == ((clock() + MINUTE) * 1000,)
    bucket.flush()
    assert bucket.put(RateItem("k", clock()))
