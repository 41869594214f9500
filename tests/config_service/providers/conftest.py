"""AWS without a network, and mail servers of our own on 127.0.0.1."""

import asyncio
import importlib.util
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from botocore.awsrequest import AWSResponse
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config_service.providers.aws_session import new_client
from config_service.providers.base import Email

SMTP_HOST = "smtp.clinic.example"
PATIENCE = 30  # seconds that a test server may take to start


def _fakes() -> ModuleType:
    # By path, so that it is found whatever pytest's import mode.
    spec = importlib.util.spec_from_file_location("provider_fakes", Path(__file__).with_name("fakes.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fakes() -> ModuleType:
    return _fakes()


@pytest.fixture
def email() -> Email:
    return Email(
        recipient="jane.doe@patients.example",
        subject="Your appointment",
        text="Tomorrow at nine.",
        from_address="noreply@clinic.example",
        from_name="Harbour Clinic",
        tags={"clinic_id": "clinic-1"},
    )


@pytest.fixture(autouse=True)
def no_aws_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "ACCESS_KEY_ID",
        "SECRET_ACCESS_KEY",
        "SESSION_TOKEN",
        "PROFILE",
        "REGION",
        "DEFAULT_REGION",
        "ENDPOINT_URL",
    ):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def ses_client() -> Any:
    return new_client("sesv2", "eu-west-1", Credentials("AKIAIOSFODNN7EXAMPLE", "secret"))


@dataclass
class AwsOverHttp:
    """Stands where botocore's HTTP session stands: keeps each request, answers by the service's name."""

    requests: list[Any] = field(default_factory=list)
    answers: dict[str, tuple[int, str] | Exception] = field(default_factory=dict)

    def to(self, service: str) -> list[Any]:
        return [request for request in self.requests if f"//{service}." in request.url]

    def answer(self, request: Any) -> AWSResponse:
        self.requests.append(request)
        service = request.url.partition("//")[2].partition(".")[0]
        answer = self.answers[service]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return AWSResponse(request.url, status, {}, _Body(body))


class _Body:
    def __init__(self, text: str) -> None:
        self._text = text

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._text.encode()


def assumed(minutes: int) -> str:
    """Return STS's answer with credentials that live for some minutes."""
    until = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        "<AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn>"
        "</AssumedRoleUser><Credentials><AccessKeyId>ASIAASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        f"<SessionToken>token-of-the-role</SessionToken><Expiration>{until}</Expiration></Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>"
    )


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> AwsOverHttp:
    over_http = AwsOverHttp(answers={"email": (200, '{"MessageId": "ses-1"}'), "sts": (200, assumed(60))})
    monkeypatch.setattr(URLLib3Session, "send", lambda _, request: over_http.answer(request))
    return over_http


@pytest.fixture
def sts_answer() -> Callable[[int], str]:
    return assumed


@dataclass
class MailServer:
    """A real SMTP server; `replies` are its refusals by command, `received` its messages."""

    port: int = 0
    host: str = SMTP_HOST
    received: list[Envelope] = field(default_factory=list)
    logins: list[LoginPassword] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd looks for this name
        self, _s: Any, _se: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, _s: Any, _se: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self.replies:
            envelope.rcpt_tos.append(address)
        return self.replies.get("RCPT", "250 OK")

    async def handle_DATA(self, _s: Any, _se: Any, envelope: Envelope) -> str:  # noqa: N802 - as above
        if "DATA" not in self.replies:
            self.received.append(envelope)
        return self.replies.get("DATA", "250 OK")

    async def handle_QUIT(self, *_: Any) -> str:  # noqa: N802 - as above
        return self.replies.get("QUIT", "221 Bye")

    def authenticate(self, _s: Any, _se: Any, _e: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append(data)
        return AuthResult(success=data == LoginPassword(b"mailer", b"right"), handled=False)


@pytest.fixture(scope="session")
def certificate_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for SMTP_HOST and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SMTP_HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(SMTP_HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    pem, key_pem = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_pem.write_bytes(key.private_bytes(*form))
    return pem, key_pem


@pytest.fixture
def server_tls(certificate_files: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate_files)
    return context


@pytest.fixture
def trusted(certificate_files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have OpenSSL trust the mail server's certificate, as it would a public authority's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_files[0]))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """The DNS: what each name resolves to; numbers resolve to themselves."""
    table = {SMTP_HOST: ["127.0.0.1"], "other.clinic.example": ["127.0.0.1"]}
    real = socket.getaddrinfo

    def resolved(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if host not in table:
            return real(host, port, *args, **{**options, "flags": socket.AI_NUMERICHOST})
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in table[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return table


_connect = socket.create_connection  # as it is before a test puts its own in place


class _BoundController(Controller):
    """Serves on a socket that is already bound: no other process can take the port in between."""

    def __init__(self, server: MailServer, listening: socket.socket, **options: Any) -> None:
        self._listening = listening
        self._sessions: list[Any] = []
        port = listening.getsockname()[1]
        super().__init__(server, hostname="127.0.0.1", port=port, ready_timeout=PATIENCE, **options)

    def factory(self) -> Any:
        session = super().factory()
        self._sessions.append(session)
        return session

    def stop(self, *args: Any, **options: Any) -> None:
        # aiosmtpd closes its loop over connections that are still open, which Python then complains of.
        asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(PATIENCE)
        super().stop(*args, **options)

    async def _hang_up(self) -> None:
        for session in self._sessions:
            if session.transport is not None:
                session.transport.abort()
        for _ in range(5):  # turns of the loop in which the connections take note
            await asyncio.sleep(0)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._listening, ssl=self.ssl_context)

    def _trigger_server(self) -> None:
        # aiosmtpd's own gives up after a second, which a busy machine may need.
        with ExitStack() as stack:
            connection = stack.enter_context(_connect(("127.0.0.1", self.port), PATIENCE))
            if self.ssl_context:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                connection = stack.enter_context(context.wrap_socket(connection))
            connection.recv(1024)


@pytest.fixture
def start_mail_server(names: dict[str, list[str]]) -> Iterator[Callable[..., MailServer]]:
    with ExitStack() as stack:

        def start(**options: Any) -> MailServer:
            server = MailServer()
            listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            server.port = listening.getsockname()[1]
            controller = _BoundController(
                server, listening, **{"authenticator": server.authenticate, **options}
            )
            controller.start()
            stack.callback(controller.stop)
            return server

        yield start
