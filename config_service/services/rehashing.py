"""Hashes stored addresses with the current key, while the service serves; may be interrupted.

Whoever looks an address up asks for its hash of every key, so that an address is found at every moment,
and under two keys at the same time.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from msgspec import structs

from config_service.encryption import AddressHasher, SealedValueError
from config_service.services.addresses import AddressVault, StoredAddress
from config_service.services.giving_way import PAGE, in_turn, pages
from config_service.services.hash_keys import HashKeys
from config_service.services.resealing import Progress
from config_service.services.suppression_rules import REASONS
from config_service.storage.hashed_addresses import (
    SUPPRESSIONS,
    TABLES,
    HashedAddressRepository,
    HashedRow,
    HashedTable,
)
from config_service.storage.records import SuppressionRecord
from config_service.storage.repositories import Repositories
from config_service.storage.windows import windows


class Rehashing:
    """Goes over the tables; what is under the current key already is passed over."""

    def __init__(
        self, repositories: Repositories, vault: AddressVault, hasher: AddressHasher, keys: HashKeys
    ) -> None:
        """Take the repositories, what opens and hashes addresses, and the keys in use."""
        self._repositories = repositories
        self._hashed = HashedAddressRepository(repositories.database)
        self._vault = vault
        self._key_id = hasher.key_id
        self._keys = keys

    def run(self) -> Iterator[Progress]:
        """Hash every address anew that is still known, and yield how far it is."""
        database = self._repositories.database
        for table in TABLES:
            changed = seen = 0
            for window in windows(database, table.name):
                for page in pages(self._hashed.of_older_keys(table, self._key_id, window), PAGE):
                    changed += in_turn(database, partial(self._page, table, page))
                    yield Progress(table.name, changed, seen + len(page))
                seen += window.rows
                yield Progress(table.name, changed, seen)

    def left(self) -> Counter[str]:
        """Return how many hashes there are of each key."""
        found = self._hashed.erased(self._key_id)
        for table in TABLES:
            for window in windows(self._repositories.database, table.name):
                found += self._hashed.key_ids(table, window)
        return found

    def retire(self, key_id: str) -> None:
        """Let the service start without a key of which no hash is left."""
        self._keys.retire(key_id)

    def _page(self, table: HashedTable, page: Sequence[HashedRow]) -> int:
        known = [(row, stored) for row in page if (stored := self._address(row))]
        self._repositories.suppressions.lock((row.clinic_id, stored.hashes) for row, stored in known)
        self._repositories.erasures.carry_over(stored.hashes for _, stored in known)
        still = set(self._hashed.still(table, [row for row, _ in known]))
        for row, stored in known:
            if row in still and not self._hashed.move(table, row, stored.hash, stored.sealed):
                if table is SUPPRESSIONS:
                    self._merge(row, stored)
                self._hashed.drop(table, row)
        return len(still)

    def _address(self, row: HashedRow) -> StoredAddress | None:
        """Return the row's address in its new form; None where it was erased, or does not open."""
        sealed = row.sealed or self._hashed.sealed_elsewhere(row.hash)
        try:
            shown = self._vault.show(row.hash, sealed)
        except SealedValueError:  # it is left, and counted
            return None
        return self._vault.store(shown) if shown else None

    def _merge(self, row: HashedRow, stored: StoredAddress) -> None:
        """Let the entry under the new hash say what the weightier of the two said."""
        ours = self._hashed.entry(row.id)
        other = self._repositories.suppressions.find(row.clinic_id, [stored.hash])
        assert other is not None  # it is in the way
        weightier = min(ours, other, key=_weight)
        self._repositories.suppressions.change(
            structs.replace(other, reason=weightier.reason, since=weightier.since, until=weightier.until)
        )


def _weight(entry: SuppressionRecord) -> tuple[int, float, int]:
    until = float("inf") if entry.until is None else entry.until
    return REASONS.index(entry.reason), -until, entry.since
