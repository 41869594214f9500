"""The keys of addresses' hashes: without one of them, nobody would know who must not be mailed."""

from config_service.encryption import AddressHasher
from config_service.storage.hash_keys import HashKeyRepository
from shared.errors import SettingsError


class HashKeys:
    """Holds the settings' keys against those with which addresses were hashed."""

    def __init__(self, repository: HashKeyRepository, hasher: AddressHasher) -> None:
        """Take where they are written down, and the settings' keys."""
        self._repository = repository
        self._hasher = hasher

    def check(self) -> None:
        """Write down the key that hashes from now on; raise SettingsError where an older one is missing."""
        ours, used = self._hasher.proofs(), self._repository.proofs()
        for key_id, proof in used.items():
            if key_id not in ours:
                raise SettingsError(
                    f"ADDRESS_HASH_KEYS lacks key {key_id!r}, under which addresses are stored.",
                    hint=f"Add it again, behind the others; python -m config_service rehash says when key "
                    f"{key_id!r} can be taken away.",
                )
            if proof != ours[key_id]:
                raise SettingsError(
                    f"ADDRESS_HASH_KEYS: key {key_id!r} is not the one with which addresses were hashed.",
                    hint="Give the former key under its id again, and a new key under an id of its own.",
                )
        if self._hasher.key_id not in used:
            self._repository.add(self._hasher.key_id, ours[self._hasher.key_id])

    def retire(self, key_id: str) -> None:
        """Let the service start without a key under which nothing is stored any more."""
        self._repository.remove(key_id)
