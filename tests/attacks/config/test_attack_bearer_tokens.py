"""Bearer tokens that somebody forged, bent or borrowed: each is a 401, and none a fault of ours."""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt import PyJWKClient

from config_service.errors import UnauthenticatedError
from config_service.settings import JwtSettings, read_settings
from config_service.tokens import MAX_TOKEN_LENGTH, KeySet, TokenVerifier
from shared.errors import SettingsError

SECRET = "a secret of a test that is long enough for HS256"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PATH = "/api/v1/clinics/c1/communication/config"
URL = "https://issuer.example/jwks"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def _pem(key: Any) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _claims(**changes: Any) -> dict[str, Any]:
    return {"sub": "ann", "role": "SUPER_ADMIN", "clinicIds": [], "exp": int(time.time()) + 600, **changes}


def _by_hand(claims: Any, header: Any = None, secret: str = SECRET) -> str:
    """Return a token as no library would make it: both parts may be JSON text, or what becomes it."""
    header = header or {"alg": "HS256", "typ": "JWT"}
    texts = [part if isinstance(part, str) else json.dumps(part) for part in (header, claims)]
    signed = b".".join(base64.urlsafe_b64encode(text.encode()).rstrip(b"=") for text in texts)
    mac = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"{signed.decode()}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _text(name: str, value: str) -> str:
    """Return claims in which `name` has a value that json.dumps would not write."""
    return json.dumps(_claims(**{name: "HERE"})).replace('"HERE"', value)


SIGNED: dict[str, Any] = {
    # numbers that are none
    "exp without an end": _text("exp", "1e999"),
    "exp before all time": _text("exp", "-1e999"),
    "exp that is no number": _text("exp", "NaN"),
    "exp of 6,000 digits": _text("exp", "9" * 6000),
    "exp that is true": _claims(exp=True),
    "exp that is a list": _claims(exp=[int(time.time()) + 600]),
    "exp that is null": _claims(exp=None),
    "nbf without an end": _text("nbf", "1e999"),
    "nbf that is a list": _claims(nbf=[]),
    "nbf tomorrow": _claims(nbf=int(time.time()) + 86400),
    "iat tomorrow": _claims(iat=int(time.time()) + 86400),
    "iat without an end": _text("iat", "1e999"),
    # names that the audit trail could not, or must not, hold
    "sub that is a number": _claims(sub=7),
    "sub that is null": _claims(sub=None),
    "sub that is a list": _claims(sub=["ann"]),
    "sub that is an object": _claims(sub={"name": "ann"}),
    "sub that is empty": _claims(sub=""),
    "sub of blanks": _claims(sub="   "),
    "sub with NUL": _claims(sub="ann\0"),
    "sub of two lines": _claims(sub="ann\nbob"),
    "sub that turns the text round": _claims(sub="ann\u202ebob"),
    "sub that is half a letter": _text("sub", '"\\ud800"'),
    "sub of 256 characters": _claims(sub="a" * 256),
    "sub of a service": _claims(sub="service:webhook"),
    "sub of a command": _claims(sub="command:root"),
    # roles
    "role of a service": _claims(role="SERVICE"),
    "role in lower case": _claims(role="super_admin"),
    "role with a blank": _claims(role="SUPER_ADMIN "),
    "role with NUL": _claims(role="SUPER_ADMIN\0"),
    "role in wide letters": _claims(role="\uff33UPER_ADMIN"),
    "role that is a list": _claims(role=["SUPER_ADMIN"]),
    "role that is an object": _claims(role={"SUPER_ADMIN": True}),
    "role that is true": _claims(role=True),
    "role that is a number": _claims(role=0),
    "role that is null": _claims(role=None),
    "two roles": _claims(role="CLINIC_ADMIN,SUPER_ADMIN"),
    # clinics
    "clinicIds that is null": _claims(clinicIds=None),
    "clinicIds that is a text": _claims(clinicIds="c1"),
    "clinicIds that is an object": _claims(clinicIds={"c1": True}),
    "clinicIds in a list": _claims(clinicIds=[["c1"]]),
    "clinicIds with null": _claims(clinicIds=["c1", None]),
    "clinicIds with true": _claims(clinicIds=[True]),
    # payloads
    "a list": "[]",
    "a text": '"ann"',
    "null": "null",
    "no JSON": "{",
    "too deep": "[" * 4000,
    "another id": _claims(jti=5),
}


@pytest.mark.parametrize("claims", SIGNED.values(), ids=SIGNED.keys())
def test_claims_are_checked_though_their_signature_is_right(claims: Any) -> None:
    with pytest.raises(UnauthenticatedError):
        TokenVerifier(JwtSettings(secret=SECRET)).verify(_by_hand(claims))


@pytest.mark.parametrize(
    "name", ["ann", "auth0|5f7c8ec7c33c6c004bbafe82", "J\u00fcrgen M\u00fcller", "a" * 255]
)
def test_such_names_of_people_are_taken(name: str) -> None:
    verifier = TokenVerifier(JwtSettings(secret=SECRET))
    assert verifier.verify(_by_hand(_claims(sub=name))).name == name


@pytest.mark.parametrize("name", ["\ud800", "a\0", "", "service:webhook"])
def test_a_name_that_cannot_be_stored_is_no_fault_of_ours_in_a_bad_token_either(
    client: Any, name: str
) -> None:
    """Failures are counted by name where the signature is right: as here, in a token that has expired."""
    expired = _by_hand(_claims(sub=name, exp=1))
    refused = client.get(PATH, headers={"Authorization": f"Bearer {expired}"})
    assert refused.status_code == 401


HEADERS: dict[str, Any] = {
    "none": {"alg": "none"},
    "None": {"alg": "None"},
    "nOnE": {"alg": "nOnE"},
    "empty": {"alg": ""},
    "no alg": {"typ": "JWT"},
    "a list": {"alg": ["HS256"]},
    "null": {"alg": None},
    "a number": {"alg": 256},
    "lower case": {"alg": "hs256"},
    "RS256": {"alg": "RS256"},
    "ES256": {"alg": "ES256"},
    "PS256": {"alg": "PS256"},
    "HS512": {"alg": "HS512"},
    "EdDSA": {"alg": "EdDSA"},
    "two algs": '{"alg": "HS256", "alg": "none"}',
    "critical": {"alg": "HS256", "crit": ["exp"]},
    "critical nothing": {"alg": "HS256", "crit": []},
    "not encoded": {"alg": "HS256", "b64": False, "crit": ["b64"]},
    "kid that is a number": {"alg": "HS256", "kid": 7},
    "kid that is a list": {"alg": "HS256", "kid": ["k1"]},
    "no object": "[]",
    "deep": '{"alg": ' + "[" * 3000,
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
@pytest.mark.parametrize("key", [{"secret": SECRET}, {"public_key": _pem(RSA)}], ids=["secret", "public key"])
def test_a_token_cannot_say_how_it_is_verified(key: dict[str, str], header: Any) -> None:
    verifier = TokenVerifier(JwtSettings(**key))
    for forged in (_by_hand(_claims(), header), _by_hand(_claims(), header, _pem(RSA))):
        for token in (forged, forged.rpartition(".")[0] + "."):
            with pytest.raises(UnauthenticatedError):
                verifier.verify(token)


LONG_SECRET = SECRET * 2  # for every HMAC's least length
OTHER_WAYS: dict[str, tuple[str, Any, dict[str, str]]] = {
    "HS384": ("HS384", LONG_SECRET, {"secret": LONG_SECRET}),
    "HS512": ("HS512", LONG_SECRET, {"secret": LONG_SECRET}),
    "RS384": ("RS384", RSA, {"public_key": _pem(RSA)}),
    "RS512": ("RS512", RSA, {"public_key": _pem(RSA)}),
    "PS256": ("PS256", RSA, {"public_key": _pem(RSA)}),
}


@pytest.mark.parametrize(("algorithm", "key", "settings"), OTHER_WAYS.values(), ids=OTHER_WAYS.keys())
def test_the_right_key_signs_by_no_other_algorithm(
    algorithm: str, key: Any, settings: dict[str, str]
) -> None:
    with pytest.raises(UnauthenticatedError):
        TokenVerifier(JwtSettings(**settings)).verify(jwt.encode(_claims(), key, algorithm))
    good = "HS256" if "secret" in settings else "RS256"
    assert TokenVerifier(JwtSettings(**settings)).verify(jwt.encode(_claims(), key, good)).name == "ann"


@pytest.mark.parametrize("secret", [_pem(RSA), _pem(RSA).strip(), _pem(RSA).replace("\n", "\\n"), ""])
def test_the_public_key_is_no_secret(secret: str) -> None:
    """In every form in which it may lie on the issuer's page."""
    for settings in (JwtSettings(public_key=_pem(RSA)), JwtSettings(secret=SECRET)):
        with pytest.raises(UnauthenticatedError):
            TokenVerifier(settings).verify(_by_hand(_claims(), secret=secret))


class Published:
    """The issuer's keys, and how often they were fetched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *keys: dict[str, Any]) -> None:
        self.fetches = 0
        self._document = {"keys": list(keys)}
        monkeypatch.setattr(PyJWKClient, "fetch_data", lambda _: self._fetched())

    def _fetched(self) -> Any:
        self.fetches += 1
        return self._document

    def verifier(self) -> TokenVerifier:
        return TokenVerifier(JwtSettings(jwks_url=URL), KeySet(URL, lambda: 1000.0))


def _jwk(key: Any, **more: Any) -> dict[str, Any]:
    document = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**document, "kid": "k1", "use": "sig", **more}


KEY_IDS = {
    "a path": "../../../../dev/null",
    "a file": "/proc/self/environ",
    "a URL": "https://evil.example/jwks",
    "SQL": "k1' UNION SELECT 'AAAA",
    "a command": "k1; cat /etc/passwd",
    "NUL": "k1\0",
    "a blank": "k1 ",
    "upper case": "K1",
    "empty": "",
    "half a letter": "\ud800",
    "5,000 characters": "k" * 5000,
    "unknown": "k2",
}


@pytest.mark.parametrize("key_id", KEY_IDS.values(), ids=KEY_IDS.keys())
def test_a_key_id_is_looked_up_and_nothing_else(key_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(monkeypatch, _jwk(RSA))
    verifier = published.verifier()
    assert verifier.verify(jwt.encode(_claims(), RSA, "RS256", headers={"kid": "k1"})).name == "ann"
    for header in ({"alg": "RS256", "kid": key_id}, {"alg": "HS256", "kid": key_id}):
        for secret in (SECRET, "", "AAAA", _pem(RSA)):
            with pytest.raises(UnauthenticatedError):
                verifier.verify(_by_hand(_claims(), header, secret))
    assert published.fetches == 1


@pytest.mark.parametrize(
    "more",
    [
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert.pem"},
        {"jwk": {"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode(), "kid": "k1"}},
        {"x5c": ["AAAA"]},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_token_brings_no_key_of_its_own(more: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    published = Published(monkeypatch, _jwk(RSA))
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    if "jwk" in more:
        more = {"jwk": _jwk(own)}
    with pytest.raises(UnauthenticatedError):
        published.verifier().verify(jwt.encode(_claims(), own, "RS256", headers={"kid": "k1", **more}))
    assert published.fetches == 1


def test_a_shared_secret_among_the_published_keys_signs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
    published = Published(
        monkeypatch, _jwk(RSA, kid="k0"), {"kty": "oct", "k": secret, "kid": "k1", "alg": "HS256"}
    )
    for algorithm in ("HS256", "RS256"):
        with pytest.raises(UnauthenticatedError):
            published.verifier().verify(_by_hand(_claims(), {"alg": algorithm, "kid": "k1"}))


def test_a_key_for_encryption_signs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    published = Published(monkeypatch, _jwk(RSA, kid="k0"), _jwk(other, use="enc"))
    with pytest.raises(UnauthenticatedError):
        published.verifier().verify(jwt.encode(_claims(), other, "RS256", headers={"kid": "k1"}))


@pytest.mark.filterwarnings(
    "ignore::jwt.warnings.InsecureKeyLengthWarning"
)  # the attacker's own library warns
def test_a_short_key_that_is_published_signs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    token = jwt.encode(_claims(), short, "RS256", headers={"kid": "k1"})
    with pytest.raises(UnauthenticatedError):
        Published(monkeypatch, _jwk(short)).verifier().verify(token)


def test_a_short_public_key_stops_the_start(no_var: Any) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(SettingsError, match=r"JWT_PUBLIC_KEY.*2048"):
        read_settings({"JWT_PUBLIC_KEY": _pem(short)})
    assert read_settings({"JWT_PUBLIC_KEY": _pem(RSA)}).jwt.public_key
    assert read_settings({"JWT_PUBLIC_KEY": _pem(ec.generate_private_key(ec.SECP256R1()))}).jwt.public_key


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://id.example.evil"},
        {"iss": "https://id.example/"},
        {"iss": "HTTPS://ID.EXAMPLE"},
        {"iss": ["https://id.example"]},
        {"iss": None},
        {"iss": 5},
        {"aud": "clinic-mail-2"},
        {"aud": "Clinic-Mail"},
        {"aud": ["shop"]},
        {"aud": []},
        {"aud": ["clinic-mail", 5]},
        {"aud": {"clinic-mail": True}},
        {"aud": None},
        {"aud": "clinic-mail,shop"},
    ],
    ids=str,
)
def test_issuer_and_audience_are_compared_whole(changes: dict[str, Any]) -> None:
    verifier = TokenVerifier(JwtSettings(secret=SECRET, issuer="https://id.example", audience="clinic-mail"))
    good = {"iss": "https://id.example", "aud": "clinic-mail"}
    assert verifier.verify(_by_hand(_claims(**good))).name == "ann"
    with pytest.raises(UnauthenticatedError):
        verifier.verify(_by_hand(_claims(**{**good, **changes})))


def test_a_token_has_a_greatest_length_that_is_looked_at_first(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = _by_hand(_claims(padding="x" * MAX_TOKEN_LENGTH))
    monkeypatch.setattr(jwt, "decode", None)  # whoever parses it fails
    refused = client.get(PATH, headers={"Authorization": f"Bearer {long}"})
    assert (refused.status_code, refused.json["message"]) == (401, "The token is too long.")


def test_a_token_with_its_parts_changed_is_refused() -> None:
    verifier = TokenVerifier(JwtSettings(secret=SECRET))
    head, body, mac = _by_hand(_claims(role="LOCATION_HEAD")).split(".")
    forged_body = _by_hand(_claims()).split(".")[1]
    for forged in (
        f"{head}.{forged_body}.{mac}",
        f"{head}.{forged_body}.",
        f"{head}.{forged_body}",
        f"{head}.{body}.{mac[:-4]}AAAA",
        f"{head}.{body}.{mac}.{mac}",
        f".{body}.{mac}",
        f"{head}..{mac}",
        f"{head}.{body} .{mac}",
        f"{head}\n.{body}.{mac}",
    ):
        with pytest.raises(UnauthenticatedError):
            verifier.verify(forged)


def test_two_authorizations_are_none(client: Any) -> None:
    """As a server joins them (RFC 9110, 5.3)."""
    good = _by_hand(_claims())
    for header in (f"Bearer {good},Bearer {good}", f"Bearer {good}, Basic x", f"Basic x, Bearer {good}"):
        assert client.get(PATH, headers={"Authorization": header}).status_code == 401


def test_a_token_in_another_place_is_not_looked_at(client: Any) -> None:
    good = _by_hand(_claims())
    assert client.get(f"{PATH}?access_token={good}").status_code == 401
    assert client.get(PATH, headers={"X-Authorization": f"Bearer {good}"}).status_code == 401
    client.set_cookie("access_token", good)
    assert client.get(PATH).status_code == 401


def test_an_accepted_role_opens_no_more_than_its_own(client: Any, settings: Any) -> None:
    """No clinic id is a pattern: `*` and its like are the ids of no clinic."""
    for clinics in (["*"], [""], ["c"], ["c1 "], ["C1"], ["c2"], ["%"], ["c1,c2"], []):
        token = _by_hand(_claims(role="CLINIC_ADMIN", clinicIds=clinics), secret=settings.jwt.secret)
        assert client.get(PATH, headers={"Authorization": f"Bearer {token}"}).status_code == 403


def test_a_person_is_no_service_and_a_service_is_no_person(client: Any, people: Any, settings: Any) -> None:
    person = {"Authorization": f"Bearer {_by_hand(_claims(), secret=settings.jwt.secret)}"}
    assert client.get("/internal/v1/topics", headers=person).status_code == 401
    assert client.get("/internal/v1/clinics/c1/effective-config", headers=person).status_code == 401
    for service in (people.webhook, people.sender):
        assert client.get(PATH, headers=service).status_code == 401
        assert client.get("/api/v1/suppressions", headers=service).status_code == 401


def test_the_settings_of_the_tests_are_those_of_the_service(settings: Any) -> None:
    assert replace(settings.jwt, secret=SECRET) == settings.jwt
