"""A recipient's address as it may be stored: a keyed hash to find it, a sealed value to show it."""

from msgspec import Struct

from config_service.encryption import AddressHasher, CredentialCipher
from config_service.errors import InvalidError
from shared.addresses import bare_address, comparable


class StoredAddress(Struct, frozen=True):
    """The hashes that find an address (the newest key's first) and its sealed spelling."""

    hashes: tuple[str, ...]
    sealed: str

    @property
    def hash(self) -> str:
        """The hash under which it is stored from now on."""
        return self.hashes[0]


class AddressVault:
    """Turns addresses into what may be stored, and back for who may see them."""

    def __init__(self, cipher: CredentialCipher, hasher: AddressHasher) -> None:
        """Take what seals and what hashes."""
        self._cipher = cipher
        self._hasher = hasher

    def store(self, address: str) -> StoredAddress:
        """Return the storable form of a bare address, spelt as it came."""
        hashes = self._hasher.all(comparable(address))
        return StoredAddress(hashes, self._cipher.seal(address, address_place(hashes[0])))

    def hashes(self, address: str) -> tuple[str, ...]:
        """Return the hashes under which a bare address may be stored."""
        return self._hasher.all(comparable(address))

    def show(self, address_hash: str, sealed: str | None) -> str | None:
        """Return the address, or None where it was erased or never there."""
        return self._cipher.open(sealed, address_place(address_hash)) if sealed else None

    def seal_text(self, text: str | None, purpose: str) -> str | None:
        """Return a text that may name a patient (a note, a remote server's answer) sealed, or None."""
        return self._cipher.seal(text, purpose) if text else None

    def show_text(self, sealed: str | None, purpose: str) -> str | None:
        """Return a text that `seal_text` sealed for the same purpose."""
        return self._cipher.open(sealed, purpose) if sealed else None


def address_place(address_hash: str) -> str:
    """Return what a sealed address is bound to."""
    return f"address|{address_hash}"


def required_address(raw: object, field: str) -> str:
    """Return the bare address in `raw`; raise InvalidError naming `field` where there is not exactly one."""
    address = bare_address(raw)
    if address is None or "." not in address.rpartition("@")[2]:
        raise InvalidError(
            f"{field} holds no email address.", errors={field: ["Give one address such as jane@example.com."]}
        )
    return address
