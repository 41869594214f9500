"""The short form of `make fuzz`: hypothesis draws the chance, so that what breaks is shown at its smallest."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.answers import faults
from fuzz.exchanges import Answer, Request
from fuzz.in_process import SHARES
from fuzz.shards import HangError, time_limit
from fuzz.targets import Target, targets

SECONDS = 20  # for one input; a busy machine is no hang


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Target]]:
    with targets(tmp_path_factory.mktemp("fuzzing")) as made:
        yield made


@pytest.mark.parametrize("name", SHARES)
@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(rng=st.randoms(use_true_random=False))
def test_no_input_makes_a_fault_hangs_or_shows_the_inside(
    found: dict[str, Target], name: str, rng: Random
) -> None:
    request = found[name].make(rng)
    with time_limit(SECONDS):
        answer = found[name].ask(request)
    assert not list(faults(request, answer, found[name].documented)), str(request)


@pytest.mark.parametrize("name", SHARES)
def test_three_hundred_inputs_by_number_reach_every_part(found: dict[str, Target], name: str) -> None:
    statuses = set()
    for number in range(300):
        request = found[name].make(Random(f"short form {name} {number}"))
        with time_limit(SECONDS):
            answer = found[name].ask(request)
        assert not list(faults(request, answer, found[name].documented)), f"{number}: {request}"
        statuses.add(answer.status)
    # Neither is everything refused at the door, nor is nothing refused.
    assert {200, 400} < statuses
    assert statuses & {403, 422}


RIGHT = b'{"success":false,"code":"x","message":"m","hint":"","errors":{},"requestId":"1"}'
JSON = {"content-type": "application/json", "retry-after": "5"}
WRONG = {
    "a fault": Answer(500, JSON, RIGHT),
    "a 503 that is not documented": Answer(503, JSON, RIGHT.replace(b'"x"', b'"y"')),
    "a 503 that does not say when": Answer(503, {"content-type": "application/json"}, RIGHT),
    "an error of another type": Answer(400, {"content-type": "text/html"}, RIGHT),
    "an error of another shape": Answer(400, JSON, b'{"error": "x"}'),
    "an error without words": Answer(400, JSON, RIGHT.replace(b'"m"', b'""')),
    "a traceback": Answer(400, JSON, RIGHT.replace(b'"m"', b'"Traceback (most recent call last):"')),
    "a place in a file": Answer(400, JSON, RIGHT.replace(b'"m"', b'"File \\"x\\", line 3"')),
    "a path of ours": Answer(400, JSON, RIGHT.replace(b'"m"', f'"{Path(__file__).parents[2]}/x"'.encode())),
    "an object's address": Answer(200, JSON, b'{"x": "<object at 0x7f43ad3e0000>"}'),
    "an event that broke": Answer(200, JSON, b'{"message": "could not be recorded: a fault on our side."}'),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_what_is_looked_for_is_found(answer: Answer) -> None:
    assert list(faults(Request("GET", "/"), answer, frozenset({"x"})))


@pytest.mark.parametrize(
    "answer", [Answer(200, JSON, b"{}"), Answer(400, JSON, RIGHT), Answer(503, JSON, RIGHT)]
)
def test_what_is_right_is_passed(answer: Answer) -> None:
    assert not list(faults(Request("GET", "/"), answer, frozenset({"x"})))


def hang() -> None:
    with time_limit(0.01):
        while True:
            pass


def test_a_hang_is_noticed() -> None:
    with pytest.raises(HangError):
        hang()
