"""Steps that many requests take: each under its own id, and each with its own end."""

import pytest

from shared.access_line import current_request_id, describe
from shared.exchanges import Exchange, each


@pytest.fixture
def exchanges() -> list[Exchange]:
    return [Exchange({"HTTP_X_REQUEST_ID": f"request-{number}", "number": number}) for number in range(4)]


def test_what_a_step_raises_ends_its_own_request_and_no_other(exchanges: list[Exchange]) -> None:
    seen = []

    def odd_ones_fail(environ: dict[str, int]) -> int:
        if environ["number"] % 2:
            raise ValueError(environ["number"])
        return environ["number"]

    each(exchanges, odd_ones_fail)
    each(exchanges, seen.append)
    assert seen == [0, 2]
    assert [str(exchange.error) for exchange in exchanges] == ["None", "1", "None", "3"]


def test_each_step_goes_on_under_the_requests_own_id_and_describes_its_own_line(
    exchanges: list[Exchange],
) -> None:
    def step(number: object) -> object:
        describe(seen=current_request_id())
        return number

    each(exchanges, step)
    each(exchanges, step)
    assert [exchange.line.facts["seen"] for exchange in exchanges] == [f"request-{n}" for n in range(4)]
