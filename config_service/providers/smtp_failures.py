"""Turns what smtplib raises into our errors; a mail server's own words are masked before they are shown."""

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from config_service.providers.base import (
    Email,
    ProviderUnavailableError,
    SendRefusedError,
    SendThrottledError,
)
from config_service.providers.provider_texts import safe_text
from shared.errors import ServiceError

RETRY_LATER = 60  # seconds: grey-listing commonly asks for a minute or more (RFC 6647, 2)
RETRY_UNREACHABLE = 30  # seconds

_AUTHENTICATION = {530, 534, 535, 538}  # RFC 4954, 6


@dataclass(frozen=True, slots=True)
class _Rule:
    matches: Callable[[Exception], bool]
    error: type[ServiceError]
    code: str
    message: str
    hint: str
    retry_after: int | None = None


def _is(*kinds: type[Exception]) -> Callable[[Exception], bool]:
    return lambda error: isinstance(error, kinds)


_RULES: tuple[_Rule, ...] = (
    _Rule(
        lambda error: 400 <= _answer(error)[0] < 500,
        SendThrottledError,
        "smtp_try_later",
        "The mail server {host} asks to try later: {said}",
        "Send the message again later; if it goes on, ask the mail server's operator.",
        RETRY_LATER,
    ),
    _Rule(
        lambda error: isinstance(error, ssl.SSLError) or "STARTTLS" in _answer(error)[1],
        SendRefusedError,
        "smtp_tls_failed",
        "No encrypted connection to the mail server {host} could be made: {said}",
        "Check encryption and port (starttls with 587, tls with 465), and that the server's certificate is "
        "valid and issued for exactly this host.",
    ),
    _Rule(
        lambda error: isinstance(error, UnicodeError) or _answer(error)[0] in _AUTHENTICATION,
        SendRefusedError,
        "smtp_authentication_failed",
        "The mail server {host} refuses the user name or the password: {said}",
        "Check username and password; many providers want an app password here.",
    ),
    _Rule(
        lambda error: isinstance(error, smtplib.SMTPNotSupportedError) or "authentication" in str(error),
        SendRefusedError,
        "smtp_authentication_failed",
        "The mail server {host} offers no log-in that fits: {said}",
        "Check port and encryption, or leave username and password out.",
    ),
    _Rule(
        _is(smtplib.SMTPRecipientsRefused),
        SendRefusedError,
        "smtp_recipient_refused",
        "The mail server {host} refuses the recipient: {said}",
        "Check the recipient's address, and that the account may send to other domains.",
    ),
    _Rule(
        _is(smtplib.SMTPSenderRefused),
        SendRefusedError,
        "smtp_sender_refused",
        "The mail server {host} refuses the sender {sender}: {said}",
        "Use a fromEmail that the account may send from.",
    ),
    _Rule(
        _is(smtplib.SMTPResponseException),
        SendRefusedError,
        "smtp_refused",
        "The mail server {host} refuses the message: {said}",
        "Ask the mail server's operator what this answer means.",
    ),
    _Rule(
        _is(OSError),  # smtplib's own errors, such as a broken connection, are among them
        ProviderUnavailableError,
        "smtp_unreachable",
        "The mail server {host} cannot be reached, or broke the connection: {said}",
        "Check host, port and encryption, and that the network lets this connection out; then try again.",
        RETRY_UNREACHABLE,
    ),
)


def translate(error: OSError | UnicodeError, email: Email, host: str) -> ServiceError:
    """Return the error of ours that `error` (smtplib's, ssl's or the system's) stands for."""
    rule = next(rule for rule in _RULES if rule.matches(error))
    facts = {
        "host": host,
        "sender": email.from_address,
        "said": safe_text(_answer(error)[1], email.recipient),
    }
    return rule.error(
        rule.message.format_map(facts), code=rule.code, hint=rule.hint, retry_after=rule.retry_after
    )


def _answer(error: Exception) -> tuple[int, str]:
    """Return the server's reply code (0 where it gave none) and its words."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return code, _decoded(words)
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, _decoded(error.smtp_error)
    if isinstance(error, UnicodeError):  # its own text would quote the password
        return 0, "they hold letters that SMTP cannot carry."
    return 0, str(error) or type(error).__name__


def _decoded(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
