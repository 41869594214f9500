"""A clinic's own mail server: a real one, on 127.0.0.1."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Self

import pytest

from config_service.providers import public_hosts, smtp
from config_service.providers.base import (
    Email,
    ProviderUnavailableError,
    SendRefusedError,
    SendThrottledError,
)
from config_service.providers.smtp import SmtpEmailProvider, SmtpServer
from config_service.providers.smtp_failures import translate
from shared.conversation_deadline import ConversationDeadline
from shared.errors import ServiceError

pytestmark = pytest.mark.enable_socket

Start = Callable[..., Any]


def provider(server: Any, *, allow_private_hosts: bool = True, **changes: Any) -> SmtpEmailProvider:
    options = {"host": server.host, "port": server.port, "encryption": "none", **changes}
    return SmtpEmailProvider(SmtpServer.from_credentials(options), allow_private_hosts=allow_private_hosts)


@pytest.fixture
def tls_server(start_mail_server: Start, server_tls: ssl.SSLContext) -> Callable[[str], Any]:
    """Start a server that speaks TLS at once or after STARTTLS."""
    return lambda encryption: start_mail_server(
        **({"ssl_context": server_tls} if encryption == "tls" else {"tls_context": server_tls})
    )


def received(server: Any) -> EmailMessage:
    message = message_from_bytes(server.received[-1].content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_message_arrives_whole(start_mail_server: Start, email: Email) -> None:
    server = start_mail_server()
    full = replace(
        email,
        from_name='Müller, "Haus"',
        subject="Größe\r\nBcc: x",
        text="ünï\n.\nlast\n",
        reply_to="desk@clinic.example",
    )
    message_id = provider(server).send(full)
    message = received(server)
    assert message["From"].addresses[0].display_name == 'Müller, "Haus"'
    assert message["From"].addresses[0].addr_spec == "noreply@clinic.example"
    assert message["Subject"] == "Größe Bcc: x"
    assert message["Bcc"] is None
    assert message["Reply-To"] == "desk@clinic.example"
    assert message["Date"]
    assert message.get_content().replace("\r\n", "\n") == "ünï\n.\nlast\n"
    assert message["Message-ID"] == message_id
    assert message_id.endswith("@clinic.example>")
    assert (server.received[0].mail_from, server.received[0].rcpt_tos) == (
        "noreply@clinic.example",
        ["jane.doe@patients.example"],
    )


def test_domains_of_other_letters_arrive_in_ascii(start_mail_server: Start, email: Email) -> None:
    server = start_mail_server()
    provider(server).send(replace(email, recipient="jane@bücher.example", from_address="a@bücher.example"))
    assert server.received[0].rcpt_tos == ["jane@xn--bcher-kva.example"]
    assert server.received[0].mail_from == "a@xn--bcher-kva.example"


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_message_goes_over_tls_after_the_log_in(
    start_mail_server: Start, server_tls: ssl.SSLContext, trusted: None, email: Email, encryption: str
) -> None:
    options = (
        {"ssl_context": server_tls, "auth_require_tls": False}
        if encryption == "tls"
        else {"tls_context": server_tls, "require_starttls": True}
    )
    server = start_mail_server(**options)
    provider(server, encryption=encryption, username="mailer", password="right").send(email)
    assert len(server.received) == 1
    assert server.logins[0].password == b"right"


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_certificate_for_another_host_is_refused(
    start_mail_server: Start, server_tls: ssl.SSLContext, trusted: None, email: Email, encryption: str
) -> None:
    server = start_mail_server(
        **({"ssl_context": server_tls} if encryption == "tls" else {"tls_context": server_tls})
    )
    with pytest.raises(SendRefusedError) as caught:
        provider(server, encryption=encryption, host="other.clinic.example").send(email)
    assert caught.value.code == "smtp_tls_failed"
    assert not server.received


def test_a_certificate_that_nobody_vouches_for_is_refused(
    start_mail_server: Start, server_tls: ssl.SSLContext, email: Email
) -> None:
    server = start_mail_server(tls_context=server_tls)
    with pytest.raises(SendRefusedError) as caught:
        provider(server, encryption="starttls", username="mailer", password="right").send(email)
    assert caught.value.code == "smtp_tls_failed"
    assert not server.logins


def test_no_message_goes_out_in_the_clear_where_starttls_is_not_offered(
    start_mail_server: Start, email: Email
) -> None:
    server = start_mail_server(auth_require_tls=False)
    with pytest.raises(SendRefusedError) as caught:
        provider(server, encryption="starttls", username="mailer", password="right").send(email)
    assert caught.value.code == "smtp_tls_failed"
    assert not server.logins


def test_a_server_that_insists_on_tls_says_so(
    start_mail_server: Start, server_tls: ssl.SSLContext, email: Email
) -> None:
    server = start_mail_server(tls_context=server_tls, require_starttls=True)
    with pytest.raises(SendRefusedError) as caught:
        provider(server).send(email)
    assert caught.value.code == "smtp_tls_failed"


@pytest.mark.parametrize(
    ("username", "password", "options"),
    [
        ("mailer", "wrong", {"auth_require_tls": False}),
        ("mailer", "pässword", {"auth_require_tls": False}),
        ("mailer", None, {"auth_require_tls": False}),
        ("mailer", "right", {}),  # AUTH only after STARTTLS
    ],
)
def test_a_log_in_that_fails_is_said_without_the_password(
    start_mail_server: Start,
    email: Email,
    username: str | None,
    password: str | None,
    options: dict[str, bool],
) -> None:
    with pytest.raises(SendRefusedError) as caught:
        provider(start_mail_server(**options), username=username, password=password).send(email)
    assert caught.value.code == "smtp_authentication_failed"
    assert (password or "!") not in caught.value.message + caught.value.hint


REFUSALS = [
    ("RCPT", "550 5.1.1 no such user jane.doe@patients.example", SendRefusedError, "smtp_recipient_refused"),
    ("RCPT", "450 4.2.0 grey-listed jane.doe@patients.example", SendThrottledError, "smtp_try_later"),
    ("MAIL", "553 5.7.1 not your address", SendRefusedError, "smtp_sender_refused"),
    ("MAIL", "451 4.3.0 busy", SendThrottledError, "smtp_try_later"),
    ("MAIL", "530 5.7.0 Authentication required", SendRefusedError, "smtp_authentication_failed"),
    ("DATA", "554 5.6.0 spam to jane.doe@patients.example", SendRefusedError, "smtp_refused"),
    ("DATA", "452 4.2.2 full", SendThrottledError, "smtp_try_later"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda row: f"{row[0]} {row[1][:9]}")
def test_what_a_mail_server_refuses_is_told_apart(
    start_mail_server: Start, email: Email, refusal: Any
) -> None:
    command, reply, kind, code = refusal
    server = start_mail_server()
    server.replies[command] = reply
    with pytest.raises(ServiceError) as caught:
        provider(server).send(email)
    error = caught.value
    assert (type(error), error.code) == (kind, code)
    assert reply[4:12] in error.message
    assert error.hint
    assert email.recipient not in error.message
    assert (error.retry_after is None) is (kind is SendRefusedError)


def test_a_bad_farewell_undoes_no_delivery(start_mail_server: Start, email: Email) -> None:
    server = start_mail_server()
    server.replies["QUIT"] = "500 what?"
    assert provider(server).send(email)
    assert len(server.received) == 1


def test_a_server_that_is_not_there_is_unavailable(names: dict[str, list[str]], email: Email) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(ProviderUnavailableError) as caught:
        SmtpEmailProvider(SmtpServer("smtp.clinic.example", port, "none"), allow_private_hosts=True).send(
            email
        )
    assert caught.value.code == "smtp_unreachable"
    assert caught.value.retry_after


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError("timed out"), "smtp_unreachable"),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), "smtp_unreachable"),
        (smtplib.SMTPConnectError(554, "no service here"), "smtp_refused"),
        (smtplib.SMTPConnectError(421, "too many connections"), "smtp_try_later"),
        (smtplib.SMTPHeloError(504, b"bad name"), "smtp_refused"),
        (smtplib.SMTPException("No suitable authentication method found."), "smtp_authentication_failed"),
        (OSError(), "smtp_unreachable"),
    ],
)
def test_what_a_connection_may_come_to_is_told_apart(email: Email, error: OSError, code: str) -> None:
    translated = translate(error, email, "smtp.clinic.example")
    assert translated.code == code
    assert "smtp.clinic.example" in translated.message


def test_outside_development_a_connection_without_tls_is_refused_before_it_is_made(
    email: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_hosts, "resolve", lambda *_, **__: pytest.fail("resolved"))
    server = SmtpServer("smtp.clinic.example", encryption="none")
    with pytest.raises(SendRefusedError) as caught:
        SmtpEmailProvider(server, allow_private_hosts=False).send(email)
    assert caught.value.code == "smtp_tls_required"


@pytest.mark.parametrize("host", ["smtp.clinic.example", "127.0.0.1", "::1"])
def test_outside_development_a_private_host_is_refused(
    start_mail_server: Start, email: Email, host: str
) -> None:
    server = start_mail_server()
    with pytest.raises(SendRefusedError) as caught:
        provider(server, host=host, encryption="starttls", allow_private_hosts=False).send(email)
    assert caught.value.code == "smtp_host_not_public"
    assert not server.received


@pytest.fixture
def rebinding(names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Make SMTP_HOST public when it is checked and private a moment later; return what is connected to."""
    names["smtp.clinic.example"] = ["93.184.215.14"]
    connected: list[Any] = []
    real = socket.create_connection

    def connection(address: Any, timeout: float) -> socket.socket:
        connected.append(address)
        names["smtp.clinic.example"] = ["10.0.0.1"]
        return real(("127.0.0.1", address[1]), timeout)

    monkeypatch.setattr(socket, "create_connection", connection)
    return connected


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_the_address_that_was_checked_is_the_one_connected_to(
    tls_server: Callable[[str], Any], trusted: None, rebinding: list[Any], email: Email, encryption: str
) -> None:
    server = tls_server(encryption)
    provider(server, encryption=encryption, allow_private_hosts=False).send(email)
    assert rebinding == [("93.184.215.14", server.port)]
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("credentials", "field"),
    [
        ({"port": 25}, "host"),
        ({"host": ""}, "host"),
        ({"host": ["h"]}, "host"),
        ({"host": "h", "port": "25"}, "port"),
        ({"host": "h", "encryption": "STARTTLS"}, "encryption"),
        ({"host": "h", "encryption": "ssl"}, "encryption"),
        ({"host": "h", "encryption": ""}, "encryption"),
    ],
)
def test_settings_that_passed_no_schema_do_not_lead_to_a_connection_in_the_clear(
    credentials: dict[str, Any], field: str
) -> None:
    with pytest.raises(SendRefusedError, match=f"{field} is missing or wrong") as caught:
        SmtpServer.from_credentials(credentials)
    assert caught.value.code == "smtp_settings_unusable"


def test_what_credentials_leave_out_has_a_safe_default() -> None:
    assert SmtpServer.from_credentials({"host": "h", "port": None, "fromEmail": "a@b.example"}) == SmtpServer(
        "h", 587, "starttls"
    )


class _Dripping:
    """A server that says `opening`, then `drop` for ever, a moment apart; `drops` counts those it got rid of."""

    LIMIT = 1000  # far beyond the deadline, so that a test ends all the same

    def __init__(self, opening: list[bytes], drop: bytes) -> None:
        self._opening = opening
        self._drop = drop
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._hung_up = threading.Event()
        self.host, self.port = self._listening.getsockname()
        self.drops = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._hung_up.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection, suppress(OSError):
            for words in self._opening:
                connection.sendall(words)
                connection.recv(1024)
            while self.drops < self.LIMIT and not self._hung_up.wait(0.01):
                connection.sendall(self._drop)
                self.drops += 1


@pytest.mark.parametrize(
    ("opening", "drop", "encryption"),
    [
        ([], b"220-wait\r\n", "none"),
        ([b"220 hello\r\n"], b"250-wait\r\n", "none"),
        (
            [b"220 hello\r\n", b"250-mail\r\n250 STARTTLS\r\n", b"220 go on\r\n"],
            b"\x16\x03\x03\x3f\xff",
            "starttls",
        ),
        ([b"\x16\x03\x03\x3f\xff"], b"\0", "tls"),
    ],
    ids=["greeting", "ehlo", "starttls", "tls"],
)
def test_a_server_that_drips_is_given_up_in_time(
    *,
    opening: list[bytes],
    drop: bytes,
    encryption: str,
    email: Email,
    names: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "DEADLINE", 0.2)
    with _Dripping(opening, drop) as server, pytest.raises(ProviderUnavailableError) as caught:
        provider(server, encryption=encryption).send(email)
    assert caught.value.code == "smtp_unreachable"
    assert "longer than 0.2 s" in caught.value.message
    assert caught.value.retry_after
    assert server.drops < server.LIMIT / 2


def test_a_slow_farewell_undoes_no_delivery(
    start_mail_server: Start, email: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_mail_server()

    def quit_(connection: smtplib.SMTP) -> None:
        connection._deadline._pass()
        connection.docmd("quit")

    monkeypatch.setattr(smtplib.SMTP, "quit", quit_)
    assert provider(server).send(email)
    assert len(server.received) == 1


def test_an_answer_that_came_in_time_counts_though_the_farewell_is_late(
    start_mail_server: Start, email: Email, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_mail_server()
    server.replies["RCPT"] = "550 5.1.1 no such user"
    monkeypatch.setattr(smtplib.SMTP, "quit", lambda connection: connection._deadline._pass())
    with pytest.raises(SendRefusedError) as caught:
        provider(server).send(email)
    assert caught.value.code == "smtp_recipient_refused"


def test_a_connection_that_is_made_too_late_is_shut_down_at_once() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ConversationDeadline(1000) as deadline:
        deadline._pass()
        deadline.watch(ours)
        assert theirs.recv(1) == b""


def test_a_conversation_that_ends_in_time_leaves_nothing_behind() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with ConversationDeadline(1000) as deadline:
            deadline.watch(ours)
        ours.close()
        assert theirs.recv(1) == b"", "nobody holds the connection"
    deadline._timer.join(10)
    assert not deadline._timer.is_alive()
    assert not deadline.passed
