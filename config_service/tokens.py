"""Verifies bearer tokens (RFC 7519): who signed them, for whom, until when, and what they say of a person."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jwt
from jwt import PyJWK, PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError

from config_service.errors import KeysUnavailableError, UnauthenticatedError
from config_service.services.principal import NOT_PEOPLE, ROLES, Principal
from config_service.settings import JwtSettings

_ASYMMETRIC = ("RS256", "ES256")
_LEEWAY = 10  # seconds that the issuer's clock and ours may differ
_REFETCH = 30.0  # seconds between two fetches that unknown key ids may cause
_RETRY = 5.0  # seconds after a failed fetch in which nobody waits for another one
_FETCH_TIMEOUT = 3  # seconds
MAX_TOKEN_LENGTH = 8192  # characters
MAX_NAME_LENGTH = 255  # characters: OpenID Connect Core, section 2

_ISSUE_ANEW = "Have the token issued with sub, role, clinicIds and exp."
_COPY_WHOLE = "Copy the token whole; in development `python -m config_service token` makes one."

_WHY = {
    jwt.ExpiredSignatureError: "The token has expired.",
    jwt.ImmatureSignatureError: "The token is not valid yet.",
    jwt.InvalidAudienceError: "The token was made for another audience.",
    jwt.InvalidIssuerError: "The token was made by another issuer.",
    jwt.MissingRequiredClaimError: "The token lacks a claim: sub, role, clinicIds and exp are needed.",
}


class KeySet:
    """The issuer's published keys, fetched when needed; a stranger's key ids cannot make us fetch at will."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the JWKS's URL (RFC 7517); fetch nothing yet."""
        self._client = PyJWKClient(url, cache_jwk_set=False, timeout=_FETCH_TIMEOUT)
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched = self._failed = float("-inf")

    def find(self, key_id: str) -> PyJWK:
        """Return the key of this id; raise UnauthenticatedError, or KeysUnavailableError."""
        if key_id not in self._keys:  # whoever has a known key never waits for a fetch
            with self._lock:
                if key_id not in self._keys and self._clock() - self._fetched >= _REFETCH:
                    self._fetch()
        try:
            return self._keys[key_id]
        except KeyError:
            raise UnauthenticatedError(
                "The token is signed with a key that its issuer does not name."
            ) from None

    def _fetch(self) -> None:
        if self._clock() - self._failed < _RETRY:
            raise _unavailable("cannot be fetched")
        try:
            keys = self._client.get_signing_keys(refresh=True)
        except (PyJWKClientConnectionError, OSError):
            self._failed = self._clock()
            raise _unavailable("cannot be fetched") from None
        except (jwt.PyJWTError, ValueError):  # ValueError: not JSON
            self._failed = self._clock()
            raise _unavailable("are not what JWT_JWKS_URL serves") from None
        self._keys = {key.key_id: key for key in keys if key.key_id}
        self._fetched = self._clock()


def _unavailable(why: str) -> KeysUnavailableError:
    return KeysUnavailableError(f"The keys that verify tokens {why}.", retry_after=int(_RETRY))


class TokenVerifier:
    """Turns a bearer token into a principal."""

    def __init__(self, settings: JwtSettings, keys: KeySet | None = None) -> None:
        """Take exactly one source of keys; the algorithms that pass follow from it, never from the token."""
        self._settings = settings
        self._keys = keys or (KeySet(settings.jwks_url) if settings.jwks_url else None)
        self._algorithms: Sequence[str] = ("HS256",) if settings.secret else _ASYMMETRIC

    def verify(self, token: str | None) -> Principal:
        """Return who the token speaks for; raise UnauthenticatedError, which says what is wrong with it."""
        if not token:
            raise UnauthenticatedError("The request carries no bearer token.")
        if len(token) > MAX_TOKEN_LENGTH:
            raise UnauthenticatedError("The token is too long.")
        return _principal(self._claims(token))

    def _claims(self, token: str) -> dict[str, Any]:
        required = [
            "exp",
            "sub",
            *(["iss"] if self._settings.issuer else []),
            *(["aud"] if self._settings.audience else []),
        ]
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(token),
                algorithms=list(self._algorithms),
                issuer=self._settings.issuer,
                audience=self._settings.audience,
                leeway=_LEEWAY,
                options={
                    "require": required,
                    "verify_aud": self._settings.audience is not None,
                    "enforce_minimum_key_length": True,  # a JWKS may name a key of 512 bits
                },
            )
        except jwt.PyJWTError as error:
            raise _refusal(error, token) from None
        except (ValueError, TypeError, RecursionError):
            raise UnauthenticatedError("The token is not valid.", hint=_COPY_WHOLE) from None
        return claims

    def _key(self, token: str) -> Any:
        if self._keys is None:
            return self._settings.secret or self._settings.public_key
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in self._algorithms:
            raise UnauthenticatedError("The token is signed in a way that is not accepted.")
        key_id = header.get("kid")
        if not isinstance(key_id, str):
            raise UnauthenticatedError("The token does not name the key that signed it.")
        return self._keys.find(key_id)


def _refusal(error: jwt.PyJWTError, token: str) -> UnauthenticatedError:
    why = next((text for kind, text in _WHY.items() if isinstance(error, kind)), None)
    if why is None:
        return UnauthenticatedError("The token is not valid.", hint=_COPY_WHOLE)
    hint = _ISSUE_ANEW if isinstance(error, jwt.MissingRequiredClaimError) else None
    # Claims are looked at only once the signature is found right, so that they may be read now.
    return _of_subject(jwt.decode(token, options={"verify_signature": False}), why, hint)


def _of_subject(claims: Mapping[str, Any], why: str, hint: str | None) -> UnauthenticatedError:
    error = UnauthenticatedError(why, hint=hint)
    error.subject = claims["sub"] if isinstance(claims.get("sub"), str) else None
    return error


def _principal(claims: Mapping[str, Any]) -> Principal:
    role, clinics = claims.get("role"), claims.get("clinicIds", [])
    if role not in ROLES:
        raise _of_subject(claims, f"The token's role is none of {', '.join(ROLES)}.", _ISSUE_ANEW)
    if not isinstance(clinics, list) or not all(isinstance(clinic, str) for clinic in clinics):
        raise _of_subject(claims, "The token's clinicIds is no list of clinic ids.", _ISSUE_ANEW)
    return Principal(_name(claims), role, frozenset(clinics))


def _name(claims: Mapping[str, Any]) -> str:
    """Return whom the audit trail is to name: one line that can be stored, and not how it names services."""
    name: str = claims["sub"]
    storable = name.isprintable() and name.strip() and len(name) <= MAX_NAME_LENGTH
    if not storable or name.startswith(NOT_PEOPLE):
        raise UnauthenticatedError("The token's sub is no name of a person.", hint=_ISSUE_ANEW)
    return name
