"""Which certificates are believed, and how they are fetched and kept."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
import urllib3
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask
from sns_kit import CERT_PATH, CERT_URL, DEV_ORIGIN, HOST, NOW, THREADS, Clock, Post, Sns, certificate, sample

from shared.sns import parse_envelope, string_to_sign
from webhook_service import certificates
from webhook_service.app import ENDPOINT
from webhook_service.certificates import NAMES, CertificateStore
from webhook_service.errors import (
    BadCertificateError,
    CertificatesBusyError,
    CertificateUnavailableError,
    UntrustedUrlError,
)
from webhook_service.origins import SnsOrigins
from webhook_service.signing_certificate import read_certificate
from webhook_service.topic_snapshots import SHARED
from webhook_service.verified_message import UnverifiedMessage, VerifiedMessage

SNS_NAME = frozenset({"sns.amazonaws.com"})


@pytest.fixture
def store(clock: Clock) -> CertificateStore:
    return CertificateStore(SnsOrigins(DEV_ORIGIN), clock)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (CERT_URL, "us-east-1"),
        (f"https://sns.ap-southeast-5.amazonaws.com{CERT_PATH}", "ap-southeast-5"),
        (f"https://sns.us-gov-west-1.amazonaws.com{CERT_PATH}", "us-gov-west-1"),
        (f"https://sns.cn-north-1.amazonaws.com.cn{CERT_PATH}", "cn-north-1"),
        (DEV_ORIGIN + CERT_PATH, "us-east-1"),
        (DEV_ORIGIN + CERT_PATH, "af-south-1"),
    ],
)
def test_a_certificate_may_come_from_sns_in_the_topics_region(
    url: str, region: str, store: CertificateStore
) -> None:
    store.check_url(url, region)


BAD_URLS = [
    "",
    "x",
    "SimpleNotificationService-0123.pem",
    f"http://sns.us-east-1.amazonaws.com{CERT_PATH}",
    f"HTTPS://sns.us-east-1.amazonaws.com{CERT_PATH}",
    f"https://SNS.us-east-1.amazonaws.com{CERT_PATH}",
    f"//sns.us-east-1.amazonaws.com{CERT_PATH}",
    f"https://sns.us-east-2.amazonaws.com{CERT_PATH}",
    f"https://sns.us-east-1.amazonaws.com.cn{CERT_PATH}",
    f"https://sns.us-east-1.amazonaws.com.evil.example{CERT_PATH}",
    f"https://sns.us-east-1.amazonaws.com.{CERT_PATH}",
    f"https://sns.s3-us-west-2.amazonaws.com{CERT_PATH}",
    f"https://sns.s3.us-east-1.amazonaws.com{CERT_PATH}",
    f"https://sns.us-east-1.s3.amazonaws.com{CERT_PATH}",
    f"https://s3.amazonaws.com/sns{CERT_PATH}",
    f"https://bucket.s3.amazonaws.com{CERT_PATH}",
    f"https://sns.amazonaws.com{CERT_PATH}",
    f"https://evil.example{CERT_PATH}",
    f"https://evil.example/{CERT_URL}",
    f"https://sns.us-east-1.amazonaws.com:443{CERT_PATH}",
    f"https://sns.us-east-1.amazonaws.com:8443{CERT_PATH}",
    f"https://user@sns.us-east-1.amazonaws.com{CERT_PATH}",
    f"https://sns.us-east-1.amazonaws.com@evil.example{CERT_PATH}",
    f"https://sns.us-east-1.amazonaws.com\\@evil.example{CERT_PATH}",
    f"https://sns.us-east-1.amazonaws.com#@evil.example{CERT_PATH}",
    f" {CERT_URL}",
    f"{CERT_URL}\n",
    f"{CERT_URL}?x=1",
    f"{CERT_URL}#x",
    f"{HOST}/?x=.pem",
    f"{HOST}/?x={CERT_PATH}",
    f"{HOST}/{CERT_PATH}",
    f"{HOST}/x{CERT_PATH}",
    f"{HOST}/../..{CERT_PATH}",
    f"{HOST}/SimpleNotificationService-.pem",
    f"{HOST}/SimpleNotificationService-xyz.pem",
    f"{HOST}/SimpleNotificationService-0123.pem.exe",
    f"{HOST}/SimpleNotificationService-0123xpem",
    f"{HOST}/simplenotificationservice-0123.pem",
    f"https://127.0.0.1:5055{CERT_PATH}",
    f"http://127.0.0.1:5056{CERT_PATH}",
    f"http://127.0.0.1{CERT_PATH}",
    f"http://127.0.0.1:50555{CERT_PATH}",
    f"{DEV_ORIGIN}/x.pem",
    f"{DEV_ORIGIN}@evil.example{CERT_PATH}",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_certificate_may_come_from_nowhere_else(url: str, store: CertificateStore) -> None:
    with pytest.raises(UntrustedUrlError):
        store.check_url(url, "us-east-1")


@pytest.mark.parametrize("region", ["cn-north-1", "cn-northwest-1"])
def test_china_is_elsewhere(region: str, store: CertificateStore) -> None:
    with pytest.raises(UntrustedUrlError):
        store.check_url(f"https://sns.{region}.amazonaws.com{CERT_PATH}", region)


@pytest.mark.parametrize("more", ["5", ".evil.example", "@evil.example", ":1", "?", "#"])
def test_an_origin_ends_where_its_path_begins(more: str) -> None:
    origins = SnsOrigins(DEV_ORIGIN)
    for origin in (DEV_ORIGIN, HOST):
        assert origins.path_in(f"{origin}/x", "us-east-1") == "/x"
        assert origins.path_in(f"{origin}{more}/x", "us-east-1") is None


def test_without_a_dev_origin_there_is_only_amazon() -> None:
    with pytest.raises(UntrustedUrlError):
        CertificateStore(SnsOrigins(None)).check_url(DEV_ORIGIN + CERT_PATH, "us-east-1")


@pytest.mark.parametrize(
    ("region", "name", "accepted"),
    [
        ("us-east-1", "sns.amazonaws.com", True),
        ("eu-central-1", "sns.amazonaws.com", True),
        ("us-east-1", "sns-signing.us-east-1.amazonaws.com", False),
        ("us-east-1", "SNS.amazonaws.com", False),
        ("us-east-1", "*.amazonaws.com", False),
        ("us-east-1", "s3.amazonaws.com", False),
        ("us-east-1", "sns.amazonaws.com.evil.example", False),
        ("af-south-1", "sns-signing.af-south-1.amazonaws.com", True),
        ("af-south-1", "sns-signing.eu-south-1.amazonaws.com", False),
        ("af-south-1", "sns.amazonaws.com", False),
        ("mx-central-1", "sns-signing.mx-central-1.amazonaws.com", True),
        ("us-gov-west-1", "sns-us-gov-west-1.amazonaws.com", True),
        ("us-gov-east-1", "sns-us-gov-west-1.amazonaws.com", True),
        ("us-gov-east-1", "sns-us-gov-east-1.amazonaws.com", True),
        ("us-gov-west-1", "sns.amazonaws.com", False),
        ("cn-north-1", "sns-cn-north-1.amazonaws.com.cn", True),
        ("cn-northwest-1", "sns-cn-northwest-1.amazonaws.com.cn", True),
        ("cn-north-1", "sns.amazonaws.com", False),
    ],
)
def test_a_certificate_carries_the_name_of_its_region(
    *,
    region: str,
    name: str,
    accepted: bool,
    store: CertificateStore,
    key: rsa.RSAPrivateKey,
    network: responses.RequestsMock,
) -> None:
    url = f"https://sns.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}{CERT_PATH}"
    network.get(url, body=certificate(key, names=[name]))
    if accepted:
        assert store.get(url, region).public_key == key.public_key()
    else:
        with pytest.raises(BadCertificateError):
            store.get(url, region)


@pytest.mark.parametrize("region", ["us-east-1", "af-south-1", "cn-north-1"])
def test_the_stand_in_signs_for_every_region_under_one_name(
    region: str, store: CertificateStore, certificate_pem: bytes, network: responses.RequestsMock
) -> None:
    network.get(DEV_ORIGIN + CERT_PATH, body=certificate_pem)
    assert store.get(DEV_ORIGIN + CERT_PATH, region)


def test_every_opt_in_region_has_a_name_of_its_own() -> None:
    assert NAMES["ap-east-2"] == {"sns-signing.ap-east-2.amazonaws.com"}
    assert len(NAMES) == 17 + 2 + 2


def test_the_name_may_stand_among_the_alternative_ones(key: rsa.RSAPrivateKey) -> None:
    pem = certificate(key, names=["Amazon"], alternative=["x.example", "sns.amazonaws.com"])
    assert read_certificate(pem, SNS_NAME)


def test_the_name_may_stand_in_the_subject_alone(key: rsa.RSAPrivateKey) -> None:
    assert read_certificate(certificate(key, alternative=["x.example"]), SNS_NAME)


def test_no_wildcard_stands_for_the_name(key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(BadCertificateError):
        read_certificate(certificate(key, names=[], alternative=["*.amazonaws.com"]), SNS_NAME)


def test_the_first_certificate_of_several_counts(
    key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey
) -> None:
    chain = certificate(key) + certificate(other_key, names=["Amazon"])
    assert read_certificate(chain, SNS_NAME).public_key == key.public_key()


@pytest.mark.parametrize(
    "make_key",
    [
        lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024),
        lambda: ec.generate_private_key(ec.SECP256R1()),
    ],
    ids=["rsa-1024", "elliptic"],
)
def test_a_certificate_with_a_weak_or_another_key_is_refused(make_key: Callable[[], Any]) -> None:
    with pytest.raises(BadCertificateError):
        read_certificate(certificate(make_key()), SNS_NAME)


@pytest.mark.parametrize(
    ("begins", "ends", "status"),
    [
        (NOW - timedelta(days=1), NOW + timedelta(days=1), 200),
        (NOW, NOW + timedelta(days=1), 200),
        (NOW - timedelta(days=1), NOW, 200),
        (NOW - timedelta(days=400), NOW - timedelta(days=1), 403),
        (NOW + timedelta(seconds=1), NOW + timedelta(days=1), 403),
    ],
    ids=["within", "from-now", "till-now", "expired", "not-yet"],
)
def test_a_certificate_counts_at_the_time_of_the_message(
    *,
    begins: Any,
    ends: Any,
    status: int,
    post: Post,
    key: rsa.RSAPrivateKey,
    sns: Sns,
    network: responses.RequestsMock,
) -> None:
    """All of them are long over by the clock of whoever runs this: a late redelivery still verifies."""
    network.get(CERT_URL, body=certificate(key, begins=begins, ends=ends))
    response = post(sns.notification(sample("event_bounce")))
    assert response.status_code == status
    assert response.json.get("code", "bad_certificate") == "bad_certificate"


FAILURES: list[tuple[str, dict[str, Any]]] = [
    ("refused", {"body": requests.ConnectionError()}),
    ("timeout", {"body": requests.ReadTimeout()}),
    ("tls", {"body": requests.exceptions.SSLError()}),
    ("broken", {"body": urllib3.exceptions.ProtocolError()}),
    ("404", {"status": 404}),
    ("500", {"status": 500}),
    ("redirect", {"status": 302, "headers": {"Location": "https://evil.example/x.pem"}}),
    ("empty", {"body": b""}),
    ("page", {"body": b"<html>Please log in</html>"}),
    ("broken-pem", {"body": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}),
    ("large", {"body": b"x" * (64 * 1024 + 1)}),
]


@pytest.mark.parametrize("answer", [answer for _, answer in FAILURES], ids=[name for name, _ in FAILURES])
def test_a_certificate_that_cannot_be_fetched_is_503_and_fetched_again(
    answer: dict[str, Any], post: Post, sns: Sns, network: responses.RequestsMock, certificate_pem: bytes
) -> None:
    envelope = sns.notification(sample("event_bounce"))
    network.get(CERT_URL, **answer)
    response = post(envelope)
    assert (response.status_code, response.json["code"]) == (503, "certificate_unavailable")
    assert response.headers["Retry-After"] == "20"
    assert len(network.calls) == 1
    network.replace("GET", CERT_URL, body=certificate_pem)
    assert post(envelope).json["result"] == "recorded"


def test_a_certificate_that_is_too_large_is_given_up(
    store: CertificateStore, network: responses.RequestsMock, certificate_pem: bytes
) -> None:
    network.get(CERT_URL, body=certificate_pem + b"\n" * certificates.MAX_BYTES)
    with pytest.raises(CertificateUnavailableError, match="too large"):
        store.get(CERT_URL, "us-east-1")


def test_a_wrong_certificate_is_not_kept_either(
    post: Post, sns: Sns, network: responses.RequestsMock, key: rsa.RSAPrivateKey, certificate_pem: bytes
) -> None:
    network.get(CERT_URL, body=certificate(key, names=["evil.example"]))
    assert post(sns.notification("x")).status_code == 403
    network.replace("GET", CERT_URL, body=certificate_pem)
    assert post(sns.notification("x")).status_code == 200


def test_fetching_is_bounded_and_follows_nobody(
    store: CertificateStore, amazon: responses.RequestsMock
) -> None:
    store.get(CERT_URL, "us-east-1")
    sent = amazon.calls[0].request.req_kwargs
    assert sent["timeout"] == (1.0, 1.5)
    assert sent["verify"] is True
    assert sent["stream"] is True
    assert not sent["proxies"]


def test_a_kept_certificate_is_fetched_again_after_an_hour(
    store: CertificateStore, clock: Clock, amazon: responses.RequestsMock
) -> None:
    store.get(CERT_URL, "us-east-1")
    clock.advance(3599)
    store.get(CERT_URL, "us-east-1")
    assert len(amazon.calls) == 1
    clock.advance(2)
    store.get(CERT_URL, "us-east-1")
    assert len(amazon.calls) == 2


def test_the_cache_is_bounded(
    store: CertificateStore, network: responses.RequestsMock, certificate_pem: bytes
) -> None:
    for number in range(certificates.MAX_CERTIFICATES + 5):
        url = f"{HOST}/SimpleNotificationService-{number:032x}.pem"
        network.get(url, body=certificate_pem)
        store.get(url, "us-east-1")
    assert len(store._kept) == certificates.MAX_CERTIFICATES
    assert not store._fetches._under_way


@pytest.mark.parametrize("good", [True, False])
def test_threads_share_one_fetch(
    good: bool,
    store: CertificateStore,
    certificate_pem: bytes,
    all_others_wait: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The fetch ends only when all other threads wait for it."""
    fetches = []

    def download(url: str) -> bytes:
        fetches.append(url)
        assert all_others_wait.wait(10)
        return certificate_pem if good else b"nothing"

    monkeypatch.setattr(store, "_download", download)
    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(store.get, CERT_URL, "us-east-1") for _ in range(THREADS)]
        errors = [future.exception(10) for future in futures]
    assert fetches == [CERT_URL]
    if good:
        assert errors == [None] * THREADS
        assert len({id(future.result()) for future in futures}) == 1
    else:
        assert {type(error) for error in errors} == {CertificateUnavailableError}


def test_a_fetch_that_ended_meanwhile_is_not_repeated(
    store: CertificateStore, amazon: responses.RequestsMock
) -> None:
    first = store.get(CERT_URL, "us-east-1")
    assert store._fetch(CERT_URL, "us-east-1") is first
    assert len(amazon.calls) == 1


class Held:
    """Downloads that end, badly, only when they are let."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Event()

    def download(self, url: str) -> bytes:
        self.begun.release()
        assert self.go_on.wait(10)
        raise CertificateUnavailableError(f"There is no {url}.")


@pytest.fixture
def held(store: CertificateStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held()
    monkeypatch.setattr(store, "_download", held.download)
    yield held
    held.go_on.set()


def url_of(number: int) -> str:
    return f"{HOST}/SimpleNotificationService-{number:032x}.pem"


def test_only_few_certificates_are_fetched_at_once(
    store: CertificateStore, held: Held, monkeypatch: pytest.MonkeyPatch, certificate_pem: bytes
) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        fetches = [pool.submit(store.get, url_of(n), "us-east-1") for n in range(certificates.MAX_FETCHES)]
        assert all(held.begun.acquire(timeout=10) for _ in fetches)
        for _ in range(2):
            with pytest.raises(CertificatesBusyError) as caught:
                store.get(CERT_URL, "us-east-1")
        held.go_on.set()
        assert {type(fetch.exception(10)) for fetch in fetches} == {CertificateUnavailableError}
    assert caught.value.retry_after
    monkeypatch.setattr(store, "_download", lambda _: certificate_pem)
    assert store.get(CERT_URL, "us-east-1"), "the refusal was not kept"


def test_what_is_kept_serves_while_no_more_can_be_fetched(
    store: CertificateStore, amazon: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = store.get(CERT_URL, "us-east-1")
    while store._slots.acquire(blocking=False):
        pass
    assert store.get(CERT_URL, "us-east-1") is kept


def test_too_many_fetches_are_answered_with_503(
    post: Post, sns: Sns, app: Flask, amazon: responses.RequestsMock
) -> None:
    slots = app.extensions[ENDPOINT].verifier._certificates._slots
    while slots.acquire(blocking=False):
        pass
    response = post(sns.notification(sample("event_bounce")))
    assert (response.status_code, response.json["code"]) == (503, "certificates_busy")
    assert response.headers["Retry-After"] == "20"
    assert not amazon.calls


def test_only_the_verifier_makes_verified_messages() -> None:
    from pathlib import Path  # noqa: PLC0415

    package = Path(certificates.__file__).parent
    making = re.compile(r"(?<!class )\bVerifiedMessage\(")
    makers = [path.name for path in package.glob("*.py") if making.search(path.read_text())]
    assert makers == ["verification.py"]


def test_a_message_shows_nothing_of_what_was_published_verified_or_not(
    sns: Sns, other_key: rsa.RSAPrivateKey
) -> None:
    envelope = parse_envelope(json.dumps(sns.notification("jane@patients.example")).encode())
    assert "jane" in envelope.message
    key, signed = other_key.public_key(), string_to_sign(envelope)
    unverified = UnverifiedMessage(envelope, SHARED, key, b"", signed, hashes.SHA256())
    for message in (unverified, VerifiedMessage(envelope, SHARED)):
        assert "jane" not in repr(message)
        assert envelope.message_id in repr(message)
