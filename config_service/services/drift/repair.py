"""Brings both lists to say the same, by our rules: what SES found out is ours, what we decided is SES's."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from config_service.errors import InvalidError
from config_service.providers.base import SendRefusedError
from config_service.providers.suppressed_destinations import (
    COMPLAINT,
    SuppressedDestination,
    SuppressedDestinations,
)
from config_service.services.drift.account_lists import AccountLists
from config_service.services.drift.comparison import OURS_OF, THEIRS_OF, Comparison, Difference, OnlyHere
from config_service.services.principal import Principal
from config_service.services.suppressions import Suppressions
from shared.addresses import bare_address, mask_addresses

SOURCE = "ses_account_list"

_NOTE = f"From SES's account-level suppression list ({SOURCE})."
_BATCH = 200  # addresses a transaction
_SHORT = 12  # digits of a hash: enough to tell addresses apart, and nothing without the key
_CONSENT = (
    "They complained, and the removal here says nothing of their consent: remove the address once more with "
    "consent, or delete it at SES by hand."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to repair: `dry_run` changes nothing, `put_to_ses` adds ours at SES; no more calls than `most`."""

    dry_run: bool = True
    put_to_ses: bool = False
    most: int | None = None


@dataclass(slots=True)
class Repaired:
    """How many were done or, in a dry run, would be; `left` says of each other, masked, why it was not."""

    dry_run: bool
    added_here: int = 0
    deleted_at_ses: int = 0
    put_to_ses: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)

    def leave(self, address: str, why: str) -> None:
        """Count one that stays as it is."""
        self.left.append((mask_addresses(address), why))


class Repair:
    """Repairs one account's lists."""

    def __init__(
        self,
        suppressions: Suppressions,
        comparison: Comparison,
        lists: AccountLists,
        destinations: SuppressedDestinations,
        actor: Principal,
    ) -> None:
        """Take both sides, and who asks for it."""
        self._suppressions = suppressions
        self._comparison = comparison
        self._lists = lists
        self._at_ses = destinations
        self._actor = actor

    def run(self, found: Difference, wish: Wish) -> Repaired:
        """Repair what `found` says; looked at once more before each change, it may be older."""
        done = Repaired(wish.dry_run)
        self._add_here(found.only_at_ses, done)
        calls = 0
        for removed in found.removed_here:
            if not removed.allowed:
                done.leave(removed.destination.address, _CONSENT)
            elif _used_up(wish, calls):
                done.leave(removed.destination.address, "Too many for one request; ask again.")
            else:
                calls += 1
                done.deleted_at_ses += self._deleted(removed.destination, done)
        for entry in found.only_here if wish.put_to_ses else ():
            if entry.address is None:
                done.leave("(erased)", "The address was erased, so that only its hash is known.")
            elif _used_up(wish, calls):
                done.leave(entry.address, "Too many for one request; ask again.")
            else:
                calls += 1
                done.put_to_ses += self._put(entry, entry.address, done)
        return done

    def _add_here(self, missing: list[SuppressedDestination], done: Repaired) -> None:
        for start in range(0, len(missing), _BATCH):
            batch = list(self._addable(missing[start : start + _BATCH], done))
            if done.dry_run:
                done.added_here += len(batch)
            elif batch:
                self._add_batch(batch, done)

    def _addable(
        self, batch: list[SuppressedDestination], done: Repaired
    ) -> Iterator[tuple[str, SuppressedDestination]]:
        for each in batch:
            if address := bare_address(each.address):
                yield address, each
            else:
                done.leave(each.address, "It is no address that mail could go to.")

    def _add_batch(self, batch: list[tuple[str, SuppressedDestination]], done: Repaired) -> None:
        home, now = self._lists.home, self._suppressions.clock()
        with self._suppressions.repositories.database.transaction():
            self._suppressions.lock(home, [address for address, _ in batch])
            added = 0
            for address, each in batch:
                reason, at = OURS_OF[each.reason], min(each.since, now)
                try:
                    self._suppressions.put(home, address, self._actor, reason, at, _NOTE)
                except InvalidError as error:
                    done.leave(address, error.message)
                else:
                    added += 1
            self._audit("suppressions.repaired", [f"source:{SOURCE}", f"added:{added}"])
        done.added_here += added

    def _deleted(self, destination: SuppressedDestination, done: Repaired) -> bool:
        if done.dry_run:
            return True
        now = self._at_ses.get(destination.address)
        if now is None:
            return False  # somebody was faster
        seen = self._comparison.their_way(self._lists.scopes, [now]).removed_here
        if not seen or not seen[0].allowed:
            done.leave(destination.address, "It was suppressed again meanwhile.")
            return False
        self._write_down("ses_list.deletion", self._suppressions.vault.hashes(destination.address)[0])
        self._at_ses.delete(destination.address)
        return True

    def _put(self, entry: OnlyHere, address: str, done: Repaired) -> bool:
        if done.dry_run:
            return True
        now = self._at_ses.get(address)
        if not self._comparison.holds(self._lists.scopes, address):
            done.leave(address, "It was taken off our list meanwhile.")
            return False
        if now is not None and (now.reason == COMPLAINT or now.reason == THEIRS_OF[entry.reason]):
            return False  # it came there by itself meanwhile
        self._write_down("ses_list.addition", entry.address_hash)
        try:
            self._at_ses.put(address, THEIRS_OF[entry.reason])
        except SendRefusedError as error:
            done.leave(address, error.message)
            return False
        return True

    def _write_down(self, action: str, address_hash: str) -> None:
        """Write the row before SES is asked: rather one of what then failed than a deed without."""
        key_id, _, digits = address_hash.partition(":")
        with self._suppressions.repositories.database.transaction():
            self._audit(action, [f"address:{key_id}:{digits[:_SHORT]}"])

    def _audit(self, action: str, fields: list[str]) -> None:
        account = f"account:{self._lists.account_id}:{self._lists.region}"
        self._suppressions.audit.write(self._actor, action, self._lists.home, [account, *fields])


def _used_up(wish: Wish, calls: int) -> bool:
    return wish.most is not None and not wish.dry_run and calls >= wish.most
