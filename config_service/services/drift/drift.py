"""Tells where our suppression lists and SES's own drift apart, and mends it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from config_service.clock import DAY
from config_service.errors import ForbiddenError, InvalidError
from config_service.providers.suppressed_destinations import SuppressedDestination, SuppressedDestinations
from config_service.services.drift.account_lists import AccountListFinder, AccountLists
from config_service.services.drift.comparison import Comparison, Difference
from config_service.services.drift.repair import Repair, Repaired, Wish
from config_service.services.principal import SERVICE, Principal
from config_service.services.suppressions import Suppressions

REQUEST_PAGES = 20  # of SES's list: what fits into the time of a request
REQUEST_CALLS = 50  # that change SES's list

_SAMPLED = 30 * DAY


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What differs in one account."""

    lists: AccountLists
    difference: Difference


@dataclass(frozen=True, slots=True)
class DriftSample:
    """What SES put on its list in the last 30 days, one page at most: how much of it our lists lack.

    `removed_here` are addresses that were taken off our list later, and that SES still does not deliver to.
    """

    looked_at: int
    only_at_ses: int
    removed_here: int


@dataclass(frozen=True, slots=True)
class Drift:
    """Compares and repairs."""

    finder: AccountListFinder
    suppressions: Suppressions
    comparison: Comparison

    def report(self, clinic_id: str, actor: Principal, most_pages: int | None = None) -> DriftReport:
        """Compare the lists of the account that a clinic sends from.

        Raise ForbiddenError where others send from it as well and the actor is the clinic's own;
        NotFoundError; InvalidError without SES, or with a list of more than `most_pages`; what AWS answers.
        """
        lists = self.finder.of_clinic(clinic_id)
        _only_for_all(lists, actor)
        return self.compare(lists, most_pages)

    def compare(self, lists: AccountLists, most_pages: int | None = None) -> DriftReport:
        """Compare one account's lists; raise InvalidError, or what AWS answers."""
        pages = SuppressedDestinations(lists.resources.account).pages()
        found = self.comparison.both_ways(lists.scopes, _bounded(pages, most_pages))
        return DriftReport(lists, found)

    def repair(self, report: DriftReport, actor: Principal, wish: Wish) -> Repaired:
        """Repair what a report says, by the rules of our list; audited."""
        destinations = SuppressedDestinations(report.lists.resources.account)
        repair = Repair(self.suppressions, self.comparison, report.lists, destinations, actor)
        return repair.run(report.difference, wish)

    def sample(self, clinic_id: str | None, destinations: SuppressedDestinations) -> DriftSample:
        """Look at the newest of SES's list, for one call and two queries.

        Where `clinic_id` is None, or others may send from the account, whatever list has an address counts.
        Raise what AWS answers.
        """
        page = next(destinations.pages(self.suppressions.clock() - _SAMPLED), [])
        scopes: Sequence[str | None] | None = None if clinic_id is None else [clinic_id, None]
        found = self.comparison.their_way(scopes, page)
        return DriftSample(found.at_ses, len(found.only_at_ses), len(found.removed_here))


def _only_for_all(lists: AccountLists, actor: Principal) -> None:
    if lists.shared and not (actor.is_super_admin or actor.role == SERVICE):
        raise ForbiddenError(
            "Others send from this clinic's SES account as well, so that its list names their patients.",
            code="account_shared",
            hint="Ask the platform's operator, who compares the account for all of them.",
        )


def _bounded(
    pages: Iterator[list[SuppressedDestination]], most: int | None
) -> Iterator[list[SuppressedDestination]]:
    for number, page in enumerate(pages):
        if most is not None and number >= most:
            raise InvalidError(
                f"SES's list is longer than {most} pages, which take longer than a request may.",
                code="drift_too_large",
                hint="Use the command: python -m config_service drift --clinic ID.",
            )
        yield page
