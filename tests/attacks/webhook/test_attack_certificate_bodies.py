"""What comes in place of a certificate, from a host that is believed: junk, too much, too slowly."""

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from ssl import DER_cert_to_PEM_cert
from typing import Any

import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID
from dripping_server import Serve, Server
from sns_kit import CERT_PATH, CERT_URL, NOW, Post, Sns, certificate, sample, subscribe_url

from shared.sns import parse_envelope
from webhook_service import certificates, subscriptions
from webhook_service.certificates import CertificateStore
from webhook_service.errors import BadCertificateError, CertificateUnavailableError, ConfirmationFailedError
from webhook_service.origins import SnsOrigins
from webhook_service.signing_certificate import read_certificate
from webhook_service.subscriptions import SubscriptionConfirmer
from webhook_service.topic_snapshots import SHARED
from webhook_service.verified_message import VerifiedMessage

NAMES = frozenset({"sns.amazonaws.com"})
SHORT = 0.3  # seconds
BEGIN, END = b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n"


def _named(key: Any, subject: list[x509.NameAttribute], *, alternative: list[x509.GeneralName]) -> bytes:
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    if alternative:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


WRONG_KEYS: dict[str, Callable[[], Any]] = {
    "RSA of 1024 bits": lambda: rsa.generate_private_key(65537, 1024),
    "RSA of 2040 bits": lambda: rsa.generate_private_key(65537, 2040),
    "elliptic curve": lambda: ec.generate_private_key(ec.SECP256R1()),
    "longer elliptic curve": lambda: ec.generate_private_key(ec.SECP384R1()),
}


@pytest.mark.parametrize("make", WRONG_KEYS.values(), ids=WRONG_KEYS.keys())
def test_a_certificate_of_another_or_a_short_key_is_refused(
    make: Callable[[], Any], post: Post, sns: Sns, network: responses.RequestsMock
) -> None:
    network.get(CERT_URL, body=certificate(make()))
    response = post(sns.notification(sample("event_bounce")))
    assert (response.status_code, response.json["code"]) == (403, "bad_certificate")


@pytest.mark.parametrize("kind", [ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey, dsa], ids=str)
def test_a_certificate_over_a_key_that_cannot_be_rsa_is_refused(kind: Any, key: rsa.RSAPrivateKey) -> None:
    public = (dsa.generate_private_key(1024) if kind is dsa else kind.generate()).public_key()
    builder = x509.CertificateBuilder().public_key(public).serial_number(1)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    builder = builder.subject_name(name).issuer_name(name).not_valid_before(NOW).not_valid_after(NOW)
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    with pytest.raises(BadCertificateError):
        read_certificate(pem, NAMES)


def _common(value: str) -> list[x509.NameAttribute]:
    return [x509.NameAttribute(NameOID.COMMON_NAME, value)]


SUBJECTS: dict[str, tuple[list[x509.NameAttribute], list[x509.GeneralName]]] = {
    "nobody": ([], []),
    "organisation": ([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sns.amazonaws.com")], []),
    "unit": ([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "sns.amazonaws.com")], []),
    "NUL behind": (_common("sns.amazonaws.com\0.evil.example"), []),
    "blank behind": (_common("sns.amazonaws.com "), []),
    "dot behind": (_common("sns.amazonaws.com."), []),
    "two names in one": (_common("evil.example,CN=sns.amazonaws.com"), []),
    "Cyrillic letter": (_common("\u0455ns.amazonaws.com"), []),
    "wildcard": (_common("*.amazonaws.com"), [x509.DNSName("*.amazonaws.com")]),
    "subdomain": (_common("x.sns.amazonaws.com"), []),
    "mailbox": ([], [x509.RFC822Name("sns.amazonaws.com")]),
    "URI": ([], [x509.UniformResourceIdentifier("https://sns.amazonaws.com")]),
    "directory name": ([], [x509.DirectoryName(x509.Name(_common("sns.amazonaws.com")))]),
}


@pytest.mark.parametrize(("subject", "alternative"), SUBJECTS.values(), ids=SUBJECTS.keys())
def test_the_name_counts_only_where_names_stand_and_whole(
    subject: list[x509.NameAttribute], alternative: list[x509.GeneralName], key: rsa.RSAPrivateKey
) -> None:
    """All are issued by a "sns.amazonaws.com", which anybody can write into a certificate of their own."""
    with pytest.raises(BadCertificateError):
        read_certificate(_named(key, subject, alternative=alternative), NAMES)


def test_of_a_chain_only_the_first_counts(
    post: Post, key: rsa.RSAPrivateKey, other_key: rsa.RSAPrivateKey, network: responses.RequestsMock
) -> None:
    """A right certificate behind a wrong one neither lends its name nor its key."""
    network.get(CERT_URL, body=certificate(other_key, names=["evil.example"]) + certificate(key))
    for signer in (key, other_key):
        response = post(Sns(signer).notification(sample("event_bounce")))
        assert (response.status_code, response.json["code"]) == (403, "bad_certificate")


JUNK: dict[str, Callable[[bytes], bytes]] = {
    "in half": lambda pem: pem[: len(pem) // 2],
    "without its end": lambda pem: pem.replace(END, b""),
    "without its beginning": lambda pem: pem.replace(BEGIN, b""),
    "as a key": lambda pem: pem.replace(b"CERTIFICATE", b"PUBLIC KEY"),
    "as a request": lambda pem: pem.replace(b"CERTIFICATE", b"CERTIFICATE REQUEST"),
    "in DER": lambda pem: x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER),
    "with junk in it": lambda pem: pem.replace(b"MII", b"\0\0\0", 1),
    "twice begun": lambda pem: BEGIN + pem,
    "empty": lambda _: BEGIN + END,
    "in UTF-16": lambda pem: pem.decode().encode("utf-16"),
}


@pytest.mark.parametrize("spoil", JUNK.values(), ids=JUNK.keys())
def test_what_is_no_certificate_is_told_from_a_wrong_one(
    spoil: Callable[[bytes], bytes],
    post: Post,
    sns: Sns,
    certificate_pem: bytes,
    network: responses.RequestsMock,
) -> None:
    """503, since a captive portal must not cost a message, and nothing is kept."""
    network.get(CERT_URL, body=spoil(certificate_pem))
    response = post(sns.notification(sample("event_bounce")))
    assert (response.status_code, response.json["code"]) == (503, "certificate_unavailable")
    network.replace("GET", CERT_URL, body=certificate_pem)
    assert post(sns.notification(sample("event_bounce"))).status_code == 200


def test_a_certificate_with_any_byte_changed_is_read_or_refused(certificate_pem: bytes) -> None:
    der = x509.load_pem_x509_certificate(certificate_pem).public_bytes(serialization.Encoding.DER)
    names = range(der.index(b"Amazon") - 16, der.index(b"sns.amazonaws.com") + 20)
    for place in names:
        for value in (0x00, 0x03, 0x0C, 0x30, 0xFF):
            spoilt = der[:place] + bytes([value]) + der[place + 1 :]
            with suppress(BadCertificateError, CertificateUnavailableError):
                read_certificate(DER_cert_to_PEM_cert(spoilt).encode(), NAMES)


# From here on over real sockets: what drips is cut off, however the pieces are spread.

HEAD = b"HTTP/1.1 200 OK\r\n"


def _answer(head: bytes) -> Callable[[Server, socket.socket], None]:
    def talk(server: Server, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(head)
        server.drip(connection, b"-")

    return talk


DRIPS: dict[str, tuple[str, Callable[[Server, socket.socket], None]]] = {
    "status line": ("http", _answer(b"")),
    "headers": ("http", _answer(HEAD + b"X-Padding: ")),
    "body": ("http", _answer(HEAD + b"\r\n")),
    "body of a length": ("http", _answer(HEAD + b"Content-Length: 60000\r\n\r\n")),
    "length of a chunk": ("http", _answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;x=")),
    "chunk": ("http", _answer(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n")),
    "handshake": ("https", lambda server, connection: server.drip(connection, b"\x16\x03\x03\x40\x00\x02")),
}


@pytest.mark.enable_socket
@pytest.mark.parametrize(("scheme", "talk"), DRIPS.values(), ids=DRIPS.keys())
def test_a_certificate_that_drips_is_given_up_when_the_time_is_over(
    scheme: str,
    talk: Callable[[Server, socket.socket], None],
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No pause is ever long enough for a time limit between two pieces."""
    monkeypatch.setattr(certificates, "CERTIFICATE_DEADLINE", SHORT)
    server = serve(talk)
    origin = f"{scheme}://127.0.0.1:{server.port}"
    with pytest.raises(CertificateUnavailableError, match="too slowly"):
        CertificateStore(SnsOrigins(origin)).get(origin + CERT_PATH, "us-east-1")
    assert server.hung_up.wait(10), "the connection was closed"
    assert server.connections == 1


@pytest.mark.enable_socket
def test_no_proxy_of_the_environment_comes_between(
    serve: Serve, certificate_pem: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sets one would choose the certificate."""

    def talk(_: Server, connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(
            HEAD + f"Content-Length: {len(certificate_pem)}\r\n\r\n".encode() + certificate_pem
        )

    proxy, server = serve(talk), serve(talk)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    origin = f"http://127.0.0.1:{server.port}"
    assert CertificateStore(SnsOrigins(origin)).get(origin + CERT_PATH, "us-east-1").public_key
    assert (server.connections, proxy.connections) == (1, 0)


@pytest.mark.enable_socket
def test_a_confirmation_that_drips_is_given_up_when_the_time_is_over(
    serve: Serve, sns: Sns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CONFIRMATION_DEADLINE", SHORT)
    server = serve(_answer(HEAD + b"X-Padding: "))
    origin = f"http://127.0.0.1:{server.port}"
    message = _verified(sns.confirmation(SubscribeURL=subscribe_url(origin)))
    with pytest.raises(ConfirmationFailedError, match="too slowly"):
        SubscriptionConfirmer(SnsOrigins(origin)).confirm(message)
    assert server.hung_up.wait(10)


def _verified(envelope: dict[str, Any]) -> VerifiedMessage:
    return VerifiedMessage(parse_envelope(json.dumps(envelope).encode()), SHARED)


@pytest.mark.enable_socket
@pytest.mark.parametrize("length", [True, False], ids=["with its length", "without"])
def test_of_ten_megabytes_hardly_anything_is_read(length: bool, serve: Serve, certificate_pem: bytes) -> None:
    sent = []

    def talk(_: Server, connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
        connection.recv(4096)
        connection.sendall(HEAD + (b"Content-Length: 10485760\r\n\r\n" if length else b"\r\n"))
        connection.sendall(certificate_pem)
        for _ in range(160):
            connection.sendall(b"\n" * 64 * 1024)
            sent.append(64 * 1024)

    server = serve(talk)
    origin = f"http://127.0.0.1:{server.port}"
    with pytest.raises(CertificateUnavailableError, match="too large"):
        CertificateStore(SnsOrigins(origin)).get(origin + CERT_PATH, "us-east-1")
    assert server.hung_up.wait(10)
    assert len(sent) < 160


def test_the_time_of_the_message_and_not_of_the_wall_decides(
    post: Post, sns: Sns, key: rsa.RSAPrivateKey, network: responses.RequestsMock
) -> None:
    """A certificate that is over today signs no message of today, nor does one of tomorrow one of yesterday."""
    network.get(CERT_URL, body=certificate(key))
    at = {
        "2025-12-31T23:59:59.999Z": HTTPStatus.FORBIDDEN,
        "2026-01-01T12:00:00.000Z": HTTPStatus.OK,
        "2026-03-02T12:00:00.000Z": HTTPStatus.OK,
        "2026-03-02T12:00:00.001Z": HTTPStatus.FORBIDDEN,
    }
    found = {time: post(sns.notification(sample("event_open"), Timestamp=time)).status_code for time in at}
    assert found == at
