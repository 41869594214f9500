"""What SES's list of an account and ours do not have in common, by hash: erased entries count, too."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from config_service.providers.suppressed_destinations import BOUNCE, COMPLAINT, SuppressedDestination
from config_service.services.probe.mails import SIMULATOR
from config_service.services.suppression_rules import REASON_COMPLAINT, REASON_HARD_BOUNCE
from config_service.services.suppressions import Suppressions
from shared.addresses import bare_address, comparable

# SES suppresses for these two reasons; soft bounces and what people add by hand are ours alone.
OURS_OF = {BOUNCE: REASON_HARD_BOUNCE, COMPLAINT: REASON_COMPLAINT}
THEIRS_OF = {ours: theirs for theirs, ours in OURS_OF.items()}


@dataclass(frozen=True, slots=True)
class RemovedHere:
    """SES still suppresses what was taken off our list later; `allowed` by the rules of removal."""

    destination: SuppressedDestination
    allowed: bool


@dataclass(frozen=True, slots=True)
class OnlyHere:
    """We suppress it, and SES does not; `address` is None where it was erased."""

    address_hash: str
    address: str | None
    reason: str
    since: int


@dataclass(slots=True)
class Difference:
    """The result; `at_ses` counts what SES has, in however many spellings."""

    at_ses: int = 0
    in_both: int = 0
    only_at_ses: list[SuppressedDestination] = field(default_factory=list)
    removed_here: list[RemovedHere] = field(default_factory=list)
    only_here: list[OnlyHere] = field(default_factory=list)

    @property
    def matters(self) -> bool:
        """Whether anybody is mailed, or is not, against what our lists say."""
        return bool(self.only_at_ses or self.removed_here)


class Comparison:
    """Compares."""

    def __init__(self, suppressions: Suppressions) -> None:
        """Take the lists."""
        self._suppressions = suppressions

    def both_ways(
        self, scopes: Sequence[str | None], pages: Iterable[Sequence[SuppressedDestination]]
    ) -> Difference:
        """Return what differs between our lists `scopes` and the whole of SES's, which comes in pages."""
        found, at_ses = Difference(), set[str]()
        for page in pages:
            self._their_way(scopes, page, found)
            at_ses.update(each for one in page for each in self._hashes(one))
        found.only_here = list(self._our_way(scopes, at_ses))
        return found

    def their_way(
        self, scopes: Sequence[str | None] | None, destinations: Sequence[SuppressedDestination]
    ) -> Difference:
        """Return what these addresses of SES's are on our lists (None: on any), the cheap half."""
        found = Difference()
        self._their_way(scopes, destinations, found)
        return found

    def holds(self, scopes: Sequence[str | None], address: str) -> bool:
        """Whether one of our lists has an address in force now."""
        hashes = self._suppressions.vault.hashes(address)
        found = self._suppressions.repositories.suppressions.of_addresses(hashes)
        ours = (entry for entry in found if entry.clinic_id in scopes)
        return any(self._suppressions.state.in_force(ours, self._suppressions.clock()))

    def _their_way(
        self,
        scopes: Sequence[str | None] | None,
        destinations: Sequence[SuppressedDestination],
        found: Difference,
    ) -> None:
        found.at_ses += len(destinations)
        hashes = {each: self._hashes(each) for each in destinations}
        every = {address_hash for each in hashes.values() for address_hash in each}
        lists = self._suppressions.repositories.suppressions
        entries = (each for each in lists.of_addresses(every) if scopes is None or each.clinic_id in scopes)
        in_force = self._suppressions.state.in_force(entries, self._suppressions.clock())
        ours = {entry.hash for entry in in_force}
        removals: dict[str, list[tuple[int, bool]]] = {}
        for act in lists.acts_on(every):
            if act.action == "remove" and (scopes is None or act.clinic_id in scopes):
                removals.setdefault(act.hash, []).append((act.at, act.consent))
        for each, of in hashes.items():
            later = [done for one in of for done in removals.get(one, ()) if done[0] >= each.since]
            if not ours.isdisjoint(of):
                found.in_both += 1
            elif later:
                allowed = each.reason != COMPLAINT or any(consent for _, consent in later)
                found.removed_here.append(RemovedHere(each, allowed))
            else:
                found.only_at_ses.append(each)

    def _our_way(self, scopes: Sequence[str | None], at_ses: set[str]) -> Iterator[OnlyHere]:
        known = set(at_ses)
        for scope in scopes:
            every = self._suppressions.repositories.suppressions.every(scope)
            for entry in self._suppressions.state.in_force(every, self._suppressions.clock()):
                if entry.address_hash in known or entry.reason not in THEIRS_OF:
                    continue
                known.add(entry.address_hash)  # another list may have it as well
                address = self._suppressions.vault.show(entry.address_hash, entry.address_sealed)
                if address is None or not comparable(address).endswith(SIMULATOR):
                    yield OnlyHere(entry.address_hash, address, entry.reason, entry.since)

    def _hashes(self, destination: SuppressedDestination) -> tuple[str, ...]:
        return self._suppressions.vault.hashes(bare_address(destination.address) or destination.address)
