"""The tokens of the internal API: who holds each and what it opens. The tokens themselves are not kept."""

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256

from shared.internal_api import SCOPES

MIN_TOKEN_LENGTH = 24  # characters  # 144 bits and more, where it is random

_TOKEN = re.compile(rf"([A-Za-z0-9_-]{{1,64}}):({'|'.join(SCOPES)}):([\x21-\x2b\x2d-\x7e]+)")


@dataclass(frozen=True, slots=True)
class InternalToken:
    """A token of the internal API: who holds it, and what it opens. The token itself is not kept."""

    name: str
    scope: str
    digest: bytes = field(repr=False)

    def fits(self, token: str) -> bool:
        """Whether `token` is this one, compared in constant time."""
        return hmac.compare_digest(self.digest, sha256(token.encode()).digest())


def parse_internal_token(item: str) -> InternalToken:
    """Return the token in `name:scope:token`; raise ValueError, which never shows it."""
    found = _TOKEN.fullmatch(item)
    if found is None:
        raise ValueError(f"each item must be name:scope:token with a scope of {' or '.join(SCOPES)}")
    name, scope, token = found.groups()
    if len(token) < MIN_TOKEN_LENGTH:
        raise ValueError(f"the token of {name!r} must have at least {MIN_TOKEN_LENGTH} characters")
    return InternalToken(name, scope, sha256(token.encode()).digest())
