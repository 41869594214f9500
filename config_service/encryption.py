"""Seals what must not be readable in a database dump, and hashes addresses so that they can be looked up.

AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D); the key's id stands in the value, so keys can
be rotated; the associated data says where the value belongs, so that a copy elsewhere does not open.
"""

import base64
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from shared.errors import ServiceError

_PREFIX = "sealed"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_TEXT = ("utf-8", "surrogatepass")  # JSON may hold half a character, and it is to be sealed as anything else
_NO_ADDRESS = "what a key is known by"
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SealedValueError(ServiceError):
    """A sealed value cannot be opened: its key is missing, or it is not where it was sealed for."""

    code = "sealed_value_unreadable"


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key of 32 bytes and the id under which values name it."""

    id: str
    secret: bytes

    def __repr__(self) -> str:
        """Show the id alone."""
        return f"NamedKey({self.id!r})"


def parse_keys(text: str) -> tuple[NamedKey, ...]:
    """Return the keys in `keyid:base64 of 32 bytes`, comma-separated; raise ValueError naming a bad one."""
    keys = [_parse_key(item.strip()) for item in text.split(",") if item.strip()]
    if not keys:
        raise ValueError("it holds no key")
    if len({key.id for key in keys}) != len(keys):
        raise ValueError("two keys have the same id")
    return tuple(keys)


def generate_key_text() -> str:
    """Return one fresh key in the form that `parse_keys` takes."""
    return f"k1:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}"


def _parse_key(item: str) -> NamedKey:
    key_id, colon, encoded = item.partition(":")
    if not colon or not _KEY_ID.fullmatch(key_id):  # without a colon it may be the key itself: never shown
        raise ValueError("a key's id must be 1 to 32 letters, digits, _ or -, followed by a colon")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except ValueError:  # binascii.Error, or characters beyond ASCII
        raise ValueError(f"key {key_id!r} is not base64") from None
    if len(secret) != _KEY_BYTES:
        raise ValueError(f"key {key_id!r} has {len(secret)} bytes; it must have {_KEY_BYTES}")
    return NamedKey(key_id, secret)


class CredentialCipher:
    """Seals with the first key, opens with any."""

    def __init__(self, keys: Sequence[NamedKey]) -> None:
        """Take the keys; at least one."""
        self._ciphers = {key.id: AESGCM(key.secret) for key in keys}
        self.key_id = keys[0].id

    def seal(self, plaintext: str, place: str) -> str:
        """Return `plaintext` sealed for `place`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self.key_id].encrypt(nonce, plaintext.encode(*_TEXT), place.encode())
        return f"{_PREFIX}:{self.key_id}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, value: str, place: str) -> str:
        """Return what was sealed for `place`; raise SealedValueError where it does not open."""
        key_id, body = _split(value)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealedValueError(
                f"A stored value was sealed with key {key_id!r}, which this service does not have.",
                code="encryption_key_missing",
                hint=f"Add key {key_id!r} to CREDENTIALS_KEYS again, behind the current one, and restart.",
            )
        try:
            return cipher.decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], place.encode()).decode(*_TEXT)
        except (InvalidTag, ValueError):  # ValueError: too short for a nonce
            raise SealedValueError(
                f"A stored value does not open with its key {key_id!r}: it was changed, or moved here.",
                hint="Enter the credential again.",
            ) from None

    def is_current(self, value: str) -> bool:
        """Whether `value` was sealed with the key that seals now."""
        return is_sealed(value) and _split(value)[0] == self.key_id


def sealed_prefix(key_id: str) -> str:
    """Return what every value that was sealed with this key begins with."""
    return f"{_PREFIX}:{key_id}:"


def is_sealed(value: object) -> bool:
    """Whether `value` has the form of a sealed value."""
    return isinstance(value, str) and value.startswith(f"{_PREFIX}:") and value.count(":") == 2


def key_id_of(value: str) -> str:
    """Return the id of the key that a sealed value was sealed with."""
    return value.split(":", 2)[1]


def _split(value: str) -> tuple[str, bytes]:
    _, key_id, encoded = value.split(":")
    try:
        return key_id, base64.urlsafe_b64decode(encoded)
    except ValueError:
        raise SealedValueError("A stored value is damaged.", hint="Enter the credential again.") from None


class AddressHasher:
    """Keyed hashes (HMAC-SHA256) of comparable addresses: equal for equal addresses, and no way back."""

    def __init__(self, keys: Sequence[NamedKey]) -> None:
        """Take the keys; the first makes new hashes, all find old ones."""
        self._ids = tuple(key.id for key in keys)
        self.key_id = self._ids[0]
        # Each is begun once and copied for every address: that takes half the time of `hmac.digest`.
        self._begun = [(f"{key.id}:", HMAC(key.secret, SHA256())) for key in keys]

    def hash(self, address: str) -> str:
        """Return the hash under which `address` (in its comparable form) is stored from now on."""
        return self.all(address)[0]

    def proofs(self) -> dict[str, str]:
        """Return of each key, by its id, what only that key makes."""
        return dict(zip(self._ids, self.all(_NO_ADDRESS), strict=True))

    def all(self, address: str) -> tuple[str, ...]:
        """Return the hashes under which `address` may be stored, the newest key's first."""
        encoded = address.encode()
        return tuple([name + _finished(begun.copy(), encoded) for name, begun in self._begun])


def _finished(mac: HMAC, message: bytes) -> str:
    mac.update(message)
    return mac.finalize().hex()
