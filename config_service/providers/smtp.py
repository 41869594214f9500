"""Sends through a clinic's own mail server, over TLS and only to the address that was checked."""

import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import localtime, make_msgid
from typing import Any

from config_service.providers import public_hosts
from config_service.providers.base import Email, SendRefusedError
from config_service.providers.mailboxes import ascii_address, one_line
from config_service.providers.smtp_failures import translate
from shared.conversation_deadline import ConversationDeadline

TIMEOUT = 10  # seconds, for the connection and for each read
DEADLINE = 20.0  # seconds, for the whole conversation
DEFAULT_PORT = 587
STARTTLS, TLS, NONE = "starttls", "tls", "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to connect, how, and as whom."""

    host: str
    port: int = DEFAULT_PORT
    encryption: str = STARTTLS
    username: str | None = None
    password: str | None = None

    @classmethod
    def from_credentials(cls, credentials: Mapping[str, Any]) -> "SmtpServer":
        """Read opened credentials in the API's spelling; raise SendRefusedError for what cannot be used.

        A direct update of the database passes no schema, and must not lead to a connection without TLS.
        """
        names = ("host", "port", "encryption", "username", "password")
        given = {name: credentials[name] for name in names if credentials.get(name) is not None}
        if not isinstance(given.get("host"), str) or not given["host"]:
            raise _unusable("host")
        if not isinstance(given.get("port", DEFAULT_PORT), int):
            raise _unusable("port")
        if given.get("encryption", STARTTLS) not in {STARTTLS, TLS, NONE}:
            raise _unusable("encryption")
        return cls(**given)


def _unusable(field: str) -> SendRefusedError:
    return SendRefusedError(
        f"The stored SMTP settings cannot be used: {field} is missing or wrong.",
        code="smtp_settings_unusable",
        hint=f"Save the SMTP settings again, with a {field} that the API accepts.",
    )


class SmtpEmailProvider:
    """One mail server; each message has a connection of its own."""

    tracks = False

    def __init__(self, server: SmtpServer, *, allow_private_hosts: bool) -> None:
        """Take the server; only development allows private hosts, and with them connections without TLS."""
        self._server = server
        self._allow_private_hosts = allow_private_hosts

    def send(self, email: Email) -> str:
        """Hand `email` to the server and return the Message-ID that we gave it."""
        message = _message(email)
        if self._server.encryption == NONE and not self._allow_private_hosts:
            raise SendRefusedError(
                f"The connection to {self._server.host} would not be encrypted.",
                code="smtp_tls_required",
                hint="Set encryption to starttls (port 587) or tls (port 465).",
            )
        with ConversationDeadline(DEADLINE) as deadline:
            try:
                self._hand_over(message, email, deadline)
            except (smtplib.SMTPException, OSError, UnicodeError) as error:
                raise translate(_cause(error, deadline), email, self._server.host) from error
        return str(message["Message-ID"])

    def _hand_over(self, message: EmailMessage, email: Email, deadline: ConversationDeadline) -> None:
        server = self._server
        sender, recipient = ascii_address(email.from_address), ascii_address(email.recipient)
        addresses = public_hosts.resolve(server.host, server.port, allow_private=self._allow_private_hosts)
        connection = _PinnedSmtp(server, addresses, deadline)
        try:
            if server.encryption == STARTTLS:
                connection.starttls(context=ssl.create_default_context())
            if server.username:
                connection.login(server.username, server.password or "")
            connection.send_message(message, sender, [recipient])
        finally:
            with suppress(smtplib.SMTPException, OSError):  # a bad farewell undoes no delivery
                connection.quit()
            connection.close()


class _PinnedSmtp(smtplib.SMTP):
    """Connects to addresses that are already resolved, while TLS still checks the host's name."""

    def __init__(self, server: SmtpServer, addresses: list[str], deadline: ConversationDeadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._tls_at_once = server.encryption == TLS
        super().__init__(server.host, server.port, local_hostname=socket.gethostname(), timeout=TIMEOUT)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # The place that smtplib's own SMTP_SSL overrides.
        plain = public_hosts.connect(self._addresses, port, timeout)
        self._deadline.watch(plain)
        if not self._tls_at_once:
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _cause(error: OSError | UnicodeError, deadline: ConversationDeadline) -> OSError | UnicodeError:
    """Return `error`, or the end of the time where that broke the connection; an answer came before it."""
    answered = isinstance(error, smtplib.SMTPException | UnicodeError)
    if deadline.passed and (not answered or isinstance(error, smtplib.SMTPServerDisconnected)):
        return TimeoutError(f"the conversation took longer than {deadline.seconds:g} s")
    return error


def _message(email: Email) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    local, _, domain = ascii_address(email.from_address).rpartition("@")
    message["From"] = Address(one_line(email.from_name or ""), local, domain)
    message["To"] = ascii_address(email.recipient)
    if email.reply_to:
        message["Reply-To"] = ascii_address(email.reply_to)
    message["Subject"] = one_line(email.subject)
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=domain)
    message.set_content(email.text, cte="quoted-printable")
    return message
