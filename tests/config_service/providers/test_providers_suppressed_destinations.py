"""SES's account-level list by its own API: every call as botocore's model has it, and no faster than SES likes."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.stub import Stubber

from config_service.providers.aws_setup.account import AwsAccount
from config_service.providers.aws_setup.refusals import AwsDeniedError
from config_service.providers.base import ProviderUnavailableError, SendRefusedError
from config_service.providers.suppressed_destinations import (
    PAUSE,
    SuppressedDestination,
    SuppressedDestinations,
    permissions,
)

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
AT_MS = 1_769_860_800_000


@pytest.fixture
def account() -> AwsAccount:
    return AwsAccount(Credentials("AKIAIOSFODNN7EXAMPLE", "secret"), "us-east-1")


@pytest.fixture
def ses(account: AwsAccount) -> Iterator[Stubber]:
    with Stubber(account.client("sesv2")) as stub:
        yield stub
        stub.assert_no_pending_responses()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def destinations(account: AwsAccount, slept: list[float]) -> SuppressedDestinations:
    return SuppressedDestinations(account, sleep=slept.append)


def entry(address: str, reason: str = "BOUNCE") -> dict[str, Any]:
    return {"EmailAddress": address, "Reason": reason, "LastUpdateTime": AT}


def test_the_list_comes_page_by_page_with_a_pause_between_the_calls(
    ses: Stubber, destinations: SuppressedDestinations, slept: list[float]
) -> None:
    operation = "list_suppressed_destinations"
    first = {"SuppressedDestinationSummaries": [entry("A@b.example")], "NextToken": "t"}
    ses.add_response(operation, first, {"PageSize": 1000})
    second = {"SuppressedDestinationSummaries": [entry("c@d.example", "COMPLAINT")]}
    ses.add_response(operation, second, {"PageSize": 1000, "NextToken": "t"})

    assert list(destinations.pages()) == [
        [SuppressedDestination("A@b.example", "BOUNCE", AT_MS)],
        [SuppressedDestination("c@d.example", "COMPLAINT", AT_MS)],
    ]
    assert slept == [PAUSE]


def test_only_what_came_since_a_time_is_asked_for_by_its_date(
    ses: Stubber, destinations: SuppressedDestinations
) -> None:
    ses.add_response("list_suppressed_destinations", {}, {"PageSize": 1000, "StartDate": AT})
    assert list(destinations.pages(AT_MS)) == [[]]


def test_an_address_is_asked_for_and_deleted_in_its_own_spelling(
    ses: Stubber, destinations: SuppressedDestinations
) -> None:
    about = {"EmailAddress": "Jane+x@B.example"}
    ses.add_response(
        "get_suppressed_destination", {"SuppressedDestination": entry("Jane+x@B.example")}, about
    )
    ses.add_response("delete_suppressed_destination", {}, about)

    assert destinations.get("Jane+x@B.example") == SuppressedDestination("Jane+x@B.example", "BOUNCE", AT_MS)
    destinations.delete("Jane+x@B.example")


def test_what_ses_does_not_have_is_none_and_deleted_without_an_error(
    ses: Stubber, destinations: SuppressedDestinations
) -> None:
    for operation in ("get_suppressed_destination", "delete_suppressed_destination"):
        ses.add_client_error(operation, "NotFoundException", http_status_code=404)

    assert destinations.get("a@b.example") is None
    destinations.delete("a@b.example")


def test_an_address_is_put_with_its_domain_in_ascii_or_not_at_all(
    ses: Stubber, destinations: SuppressedDestinations
) -> None:
    wanted = {"EmailAddress": "a@xn--strae-oqa.example", "Reason": "COMPLAINT"}
    ses.add_response("put_suppressed_destination", {}, wanted)
    destinations.put("a@straße.example", "COMPLAINT")

    with pytest.raises(SendRefusedError):
        destinations.put("jörg@b.example", "BOUNCE")


def test_a_throttled_call_is_made_again_ever_later_and_at_last_given_up(
    ses: Stubber, destinations: SuppressedDestinations, slept: list[float]
) -> None:
    for _ in range(4):
        ses.add_client_error("get_suppressed_destination", "TooManyRequestsException", http_status_code=429)

    with pytest.raises(ProviderUnavailableError):
        destinations.get("a@b.example")
    assert slept == [1, 2, 4]


def test_a_call_that_is_not_allowed_is_refused_at_once(
    ses: Stubber, destinations: SuppressedDestinations, slept: list[float]
) -> None:
    ses.add_client_error("list_suppressed_destinations", "AccessDeniedException", http_status_code=403)

    with pytest.raises(AwsDeniedError):
        next(destinations.pages())
    assert slept == []


def test_reading_needs_no_permission_to_change() -> None:
    (reading,), (changing,) = permissions(changing=False), permissions(changing=True)
    assert reading.actions == ("ses:ListSuppressedDestinations", "ses:GetSuppressedDestination")
    assert set(changing.actions) - set(reading.actions) == {
        "ses:PutSuppressedDestination",
        "ses:DeleteSuppressedDestination",
    }
