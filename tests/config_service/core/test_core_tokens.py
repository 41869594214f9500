"""Bearer tokens: who signed them decides, and nothing that a token says of itself can change how."""

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError, URLError

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import PyJWKClient
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWKClientConnectionError, PyJWKClientError

from config_service.errors import STATUSES, KeysUnavailableError, UnauthenticatedError
from config_service.services.principal import Principal
from config_service.settings import JwtSettings
from config_service.tokens import MAX_NAME_LENGTH, KeySet, TokenVerifier

SECRET = "a secret of a test that is long enough for HS256"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> str:
    public = key.public_key()
    return str(
        public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
    )


def claims(**changes: Any) -> dict[str, Any]:
    found = {
        "sub": "ann",
        "role": "CLINIC_ADMIN",
        "clinicIds": ["c1"],
        "exp": int(time.time()) + 600,
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def token(key: Any = SECRET, algorithm: str = "HS256", headers: Any = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


BY_SECRET = TokenVerifier(JwtSettings(secret=SECRET))


def test_a_good_token_names_a_person() -> None:
    assert BY_SECRET.verify(token()) == Principal("ann", "CLINIC_ADMIN", frozenset({"c1"}))


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
def test_a_token_signed_with_the_private_key_passes(key: Any, algorithm: str) -> None:
    assert TokenVerifier(JwtSettings(public_key=pem(key))).verify(token(key, algorithm)).name == "ann"


def unsigned(header: dict[str, Any]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims())]
    return b".".join([*parts, b""]).decode()


def signed_with_the_public_key() -> str:
    """Return the classic forgery: HS256, with the published key as the secret."""
    head, body = unsigned({"alg": "HS256", "typ": "JWT"}).split(".")[:2]
    mac = hmac.new(pem(RSA).encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "settings", [JwtSettings(secret=SECRET), JwtSettings(public_key=pem(RSA))], ids=["secret", "key"]
)
@pytest.mark.parametrize(
    "bad",
    [
        unsigned({"alg": "none"}),
        unsigned({"alg": "None", "typ": "JWT"}),
        unsigned({}),
        unsigned({"alg": "HS256", "b64": False, "crit": ["b64"]}),
        signed_with_the_public_key(),
        token("another secret that is just as long as ours is", "HS256"),
        token(SECRET * 2, "HS512"),
        token(rsa.generate_private_key(public_exponent=65537, key_size=2048), "RS256"),
        token(RSA, "RS512"),
        token(RSA, "PS256"),
        token(EC, "ES256"),
        "a.b.c",
        "a",
        "..",
        "é.é.é",
        "\ud800",
        "x" * 10_000,
        "[" * 8000,
        "",
        None,
    ],
    ids=range(20),
)  # fmt: skip
def test_a_forged_or_broken_token_never_passes(settings: JwtSettings, bad: str | None) -> None:
    with pytest.raises(UnauthenticatedError):
        TokenVerifier(settings).verify(bad)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"exp": None}, "lacks a claim"),
        ({"exp": "soon"}, "not valid"),
        ({"sub": None}, "lacks a claim"),
        ({"nbf": int(time.time()) + 600}, "not valid yet"),
        ({"role": "ADMIN"}, "role"),
        ({"role": None}, "role"),
        ({"role": ["SUPER_ADMIN"]}, "role"),
        ({"clinicIds": "c1"}, "clinicIds"),
        ({"clinicIds": [1]}, "clinicIds"),
        ({"clinicIds": {"c1": 1}}, "clinicIds"),
        ({"sub": "service:retention"}, "no name of a person"),
        ({"sub": "command:ann"}, "no name of a person"),
        ({"sub": "ann\nroot"}, "no name of a person"),
        ({"sub": " "}, "no name of a person"),
        ({"sub": "a" * (MAX_NAME_LENGTH + 1)}, "no name of a person"),
    ],
)
def test_a_token_that_says_too_little_is_refused_with_the_reason(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(UnauthenticatedError, match=why):
        BY_SECRET.verify(token(**changes))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "us", "aud": "clinics"}, None),
        ({"iss": "us", "aud": ["clinics", "others"]}, None),
        ({"aud": "clinics"}, "lacks a claim"),
        ({"iss": "us"}, "lacks a claim"),
        ({"iss": "them", "aud": "clinics"}, "another issuer"),
        ({"iss": "us", "aud": "others"}, "another audience"),
    ],
)
def test_issuer_and_audience_must_be_ours_where_they_are_set(
    changes: dict[str, Any], why: str | None
) -> None:
    verifier = TokenVerifier(JwtSettings(secret=SECRET, issuer="us", audience="clinics"))
    if why is None:
        assert verifier.verify(token(**changes)).name == "ann"
        return
    with pytest.raises(UnauthenticatedError, match=why):
        verifier.verify(token(**changes))


def test_an_audience_in_a_token_does_no_harm_where_none_is_set() -> None:
    assert BY_SECRET.verify(token(aud="somebody")).name == "ann"


class Issuer:
    """Publishes keys, and counts how often they are fetched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fetches = 0
        self.now = 1000.0
        self.keys: dict[str, Any] = {"k1": RSA}
        self.answer: Callable[[], Any] = self.published
        monkeypatch.setattr(PyJWKClient, "fetch_data", lambda _: self._fetched())

    def published(self) -> dict[str, Any]:
        documents = []
        for key_id, key in self.keys.items():
            algorithm: Any = RSAAlgorithm if key is RSA else ECAlgorithm
            document = algorithm.to_jwk(key.public_key(), as_dict=True)
            documents.append({**document, "kid": key_id, "use": "sig"})
        return {"keys": documents}

    def _fetched(self) -> Any:
        self.fetches += 1
        return self.answer()

    def verifier(self) -> TokenVerifier:
        url = "https://issuer.example/jwks"
        return TokenVerifier(JwtSettings(jwks_url=url), KeySet(url, lambda: self.now))


@pytest.fixture
def issuer(monkeypatch: pytest.MonkeyPatch) -> Issuer:
    return Issuer(monkeypatch)


def by(key_id: Any, key: Any = RSA, algorithm: str = "RS256", **changes: Any) -> str:
    return token(key, algorithm, {"kid": key_id} if key_id else None, **changes)


def test_a_published_key_is_fetched_once(issuer: Issuer) -> None:
    issuer.keys["k2"] = EC
    verifier = issuer.verifier()
    assert issuer.fetches == 0
    for _ in range(3):
        assert verifier.verify(by("k1")).name == "ann"
        assert verifier.verify(by("k2", EC, "ES256")).name == "ann"
    assert issuer.fetches == 1


def test_an_unknown_key_id_causes_one_refetch_in_thirty_seconds(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    verifier.verify(by("k1"))
    for moment, fetches in ((0, 1), (29, 1), (30, 2), (59, 2), (60, 3)):
        issuer.now = 1000.0 + moment
        for number in range(3):
            with pytest.raises(UnauthenticatedError):
                verifier.verify(by(f"unknown-{number}"))
        assert issuer.fetches == fetches
    assert verifier.verify(by("k1")).name == "ann"


def test_a_rotated_key_is_found_and_the_old_one_no_longer_passes(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    verifier.verify(by("k1"))
    issuer.keys = {"k2": EC}
    issuer.now += 30
    assert verifier.verify(by("k2", EC, "ES256")).name == "ann"
    with pytest.raises(UnauthenticatedError):
        verifier.verify(by("k1"))


@pytest.mark.parametrize(
    "bad",
    [by(None), token(), unsigned({"alg": "none", "kid": "k1"}), unsigned({"alg": "HS256", "kid": "k1"}), by("k1", EC, "ES256")],
    ids=["no kid", "HS256", "none", "HS256 with a kid", "another kind of key"],
)  # fmt: skip
def test_a_token_that_the_published_key_did_not_sign_never_passes(issuer: Issuer, bad: str) -> None:
    with pytest.raises(UnauthenticatedError):
        issuer.verifier().verify(bad)


def fail(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


OUT_OF_REACH = [
    fail(PyJWKClientConnectionError("refused")),
    fail(PyJWKClientError("no JSON object")),
    fail(ConnectionResetError()),
    fail(json.JSONDecodeError("not JSON", "<html>", 0)),
    fail(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")),
    dict,
    lambda: {"keys": []},
    lambda: {"keys": 5},
    lambda: {"keys": ["no key", {"kty": "RSA"}]},
    list,
]


@pytest.mark.parametrize("answer", OUT_OF_REACH, ids=range(len(OUT_OF_REACH)))
def test_keys_out_of_reach_or_useless_are_a_503_and_not_the_callers_fault(
    issuer: Issuer, answer: Callable[[], Any]
) -> None:
    issuer.answer = answer
    with pytest.raises(KeysUnavailableError) as raised:
        issuer.verifier().verify(by("k1"))
    assert raised.value.retry_after
    assert STATUSES[KeysUnavailableError] == 503


def test_known_keys_still_serve_while_the_issuer_is_away(issuer: Issuer) -> None:
    verifier = issuer.verifier()
    verifier.verify(by("k1"))
    issuer.answer = fail(PyJWKClientConnectionError("refused"))
    issuer.now += 60
    with pytest.raises(KeysUnavailableError):
        verifier.verify(by("unknown"))
    assert verifier.verify(by("k1")).name == "ann"


def test_an_issuer_that_is_away_is_not_asked_for_every_request(issuer: Issuer) -> None:
    """Each question may take seconds, and holds a thread."""
    issuer.answer = fail(PyJWKClientConnectionError("refused"))
    verifier = issuer.verifier()
    for _ in range(5):
        with pytest.raises(KeysUnavailableError):
            verifier.verify(by("k1"))
    assert issuer.fetches == 1
    issuer.now += 5
    issuer.answer = issuer.published
    assert verifier.verify(by("k1")).name == "ann"


@pytest.mark.parametrize(
    "error", [URLError("refused"), TimeoutError(), HTTPError("u", 500, "m", None, io.BytesIO())]
)  # type: ignore[arg-type]
def test_what_goes_wrong_on_the_way_is_a_503(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr("urllib.request.OpenerDirector.open", lambda *_, **__: fail(error)())
    with pytest.raises(KeysUnavailableError):
        TokenVerifier(JwtSettings(jwks_url="https://issuer.example/jwks")).verify(by("k1"))


def test_a_web_page_in_place_of_keys_is_a_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "urllib.request.OpenerDirector.open", lambda *_, **__: io.BytesIO(b"<html>sorry</html>")
    )
    with pytest.raises(KeysUnavailableError):
        TokenVerifier(JwtSettings(jwks_url="https://issuer.example/jwks")).verify(by("k1"))
