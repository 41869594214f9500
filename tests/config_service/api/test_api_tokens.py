"""Bearer tokens: every fault is a 401 that says what is wrong, and none is let in."""

import json
import time
from base64 import urlsafe_b64encode
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PATH = "/api/v1/clinics/c1/communication/config"
SECRET = "a secret of a test that is long enough for HS256"
GOOD = {"sub": "anna", "role": "SUPER_ADMIN", "clinicIds": []}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def token(secret: Any = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    payload = {**GOOD, "exp": int(time.time()) + 600, **claims}
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, secret, algorithm=algorithm)


def unsigned(**claims: Any) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, {**GOOD, "exp": int(time.time()) + 600, **claims})
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


NOW = int(time.time())
LACKS = "The token lacks a claim"
FAULTS = {
    "no header": (None, "carries no bearer token"),
    "an empty header": ("", "carries no bearer token"),
    "no token": ("Bearer ", "carries no bearer token"),
    "another scheme": (f"Basic {token()}", "carries no bearer token"),
    "a bare token": (token(), "carries no bearer token"),
    "garbage": ("Bearer garbage", "not valid"),
    "garbage of three parts": ("Bearer a.b.c", "not valid"),
    "not ASCII": ("Bearer é.é.é", "not valid"),
    "another secret": (f"Bearer {token(secret='x' * 48)}", "not valid"),
    "another algorithm": (f"Bearer {token(algorithm='HS384')}", "not valid"),
    "no algorithm": (f"Bearer {unsigned()}", "not valid"),
    "no algorithm but a signature": (f"Bearer {unsigned()}{token().rpartition('.')[2]}", "not valid"),
    "an altered payload": (
        "Bearer {0}.{2}.{1}".format(*token().split(".")[::2], unsigned(sub="eve").split(".")[1]),
        "not valid",
    ),
    "expired": (f"Bearer {token(exp=NOW - 60)}", "has expired"),
    "not yet valid": (f"Bearer {token(nbf=NOW + 3600)}", "not valid yet"),
    "no exp": (f"Bearer {token(exp=None)}", LACKS),
    "no sub": (f"Bearer {token(sub=None)}", LACKS),
    "exp that is no number": (f"Bearer {token(exp='soon')}", "not valid"),
    "sub that is no text": (f"Bearer {token(sub=5)}", "not valid"),
    "no role": (f"Bearer {token(role=None)}", "role is none of"),
    "a role nobody has": (f"Bearer {token(role='RECEPTIONIST')}", "role is none of"),
    "a role in lower case": (f"Bearer {token(role='super_admin')}", "role is none of"),
    "a role that is a list": (f"Bearer {token(role=['SUPER_ADMIN'])}", "role is none of"),
    "clinicIds that are a text": (f"Bearer {token(clinicIds='c1')}", "clinicIds is no list"),
    "clinicIds that are numbers": (f"Bearer {token(clinicIds=[1])}", "clinicIds is no list"),
    "too long": (f"Bearer {token(padding='x' * 9000)}", "too long"),
}


@pytest.mark.parametrize(("header", "words"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_token_is_refused_and_told_why(client: Any, header: str | None, words: str) -> None:
    refused = client.get(PATH, headers={} if header is None else {"Authorization": header})

    assert (refused.status_code, refused.json["code"]) == (401, "unauthenticated")
    assert words in refused.json["message"]
    assert refused.json["hint"]
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_refusal_never_quotes_the_token(client: Any) -> None:
    given = token(secret="x" * 48)

    refused = client.get(PATH, headers={"Authorization": f"Bearer {given}"})

    assert not any(part in refused.text for part in given.split("."))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(client: Any, scheme: str) -> None:
    assert client.get(PATH, headers={"Authorization": f"{scheme} {token()}"}).status_code == 404


def test_a_clock_that_is_a_few_seconds_off_does_no_harm(client: Any) -> None:
    almost = token(exp=int(time.time()) - 3)

    assert client.get(PATH, headers={"Authorization": f"Bearer {almost}"}).status_code == 404


def test_an_admin_without_clinic_ids_reaches_no_clinic(client: Any) -> None:
    given = token(role="CLINIC_ADMIN", clinicIds=None)

    assert client.get(PATH, headers={"Authorization": f"Bearer {given}"}).status_code == 403


ISSUED = {
    "both right": ({"iss": "https://id.example", "aud": "clinic-mail"}, 404, "no clinic"),
    "one of several audiences": (
        {"iss": "https://id.example", "aud": ["x", "clinic-mail"]},
        404,
        "no clinic",
    ),
    "another issuer": ({"iss": "https://evil.example", "aud": "clinic-mail"}, 401, "another issuer"),
    "another audience": ({"iss": "https://id.example", "aud": "shop"}, 401, "another audience"),
    "no issuer": ({"aud": "clinic-mail"}, 401, LACKS),
    "no audience": ({"iss": "https://id.example"}, 401, LACKS),
}


@pytest.mark.parametrize(("claims", "status", "words"), ISSUED.values(), ids=ISSUED)
def test_issuer_and_audience_are_checked_where_they_are_set(
    make_client: Any, settings: Any, claims: Any, status: int, words: str
) -> None:
    client = make_client(jwt=replace(settings.jwt, issuer="https://id.example", audience="clinic-mail"))

    answer = client.get(PATH, headers={"Authorization": f"Bearer {token(**claims)}"})

    assert answer.status_code == status
    assert words in answer.json["message"]


def test_an_audience_that_nobody_asks_for_does_no_harm(client: Any) -> None:
    assert client.get(PATH, headers={"Authorization": f"Bearer {token(aud='x', iss='y')}"}).status_code == 404


def test_a_public_key_is_never_taken_for_a_shared_secret(make_client: Any, settings: Any) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    client = make_client(jwt=replace(settings.jwt, secret=None, public_key=public.decode()))
    # PyJWT refuses to sign so; an attacker does it by hand.
    head, body = (
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, {**GOOD, "exp": NOW + 600})
    )
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(head + b"." + body, public)
    forged = b".".join((head, body, urlsafe_b64encode(mac).rstrip(b"="))).decode()

    answers = {
        name: client.get(PATH, headers={"Authorization": f"Bearer {given}"}).status_code
        for name, given in {
            "signed": token(key, "RS256"),
            "forged": forged,
            "unsigned": unsigned(),
            "by secret": token(),
        }.items()
    }

    assert answers == {"signed": 404, "forged": 401, "unsigned": 401, "by secret": 401}
