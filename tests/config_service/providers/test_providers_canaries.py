"""What a provider says when it refuses may quote a patient: it is masked for who asked, and kept nowhere."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from canaries import (
    BOUNCED,
    MARK,
    PASSWORD,
    PATIENT,
    SECRET,
    everything_logged,
    logging_as_before,
    spotted,
    stored,
)

from config_service.providers.connected_accounts import ConnectedAccounts
from config_service.providers.platform_account import PlatformAccount

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # the database does not matter
]

CLINIC = "/api/v1/clinics/canary-clinic/communication"
LOCAL = PATIENT.partition("@")[0]
QUOTED = {
    "as it was sent": PATIENT,
    "in angles": f"<{PATIENT}>",
    "in quotes": f"'{PATIENT}' and \"{PATIENT}\"",
    "in lower case": PATIENT.lower(),
    "in upper case": PATIENT.upper(),
    "as a URL": f"mailto:{PATIENT}",
    "in an ARN": f"arn:aws:ses:us-east-1:123456789012:identity/{PATIENT}",
    "in a return path": f"bounces+{LOCAL}=private-mailbox.example@amazonses.com",
    "another's beside it": f"{BOUNCED}, {PATIENT}",
    "where it is cut": f"{'-' * 290} {PATIENT}",
}
# Who asked typed it: that the mask leaves these does no harm, as long as nothing keeps them.
HALF_QUOTED = {
    "without its domain": f"no mailbox {LOCAL} here",
    "escaped": PATIENT.replace("@", "%40"),
    "over two lines": PATIENT.replace("@", "@\r\n "),
}
SES_CODES = ("MessageRejected", "AccessDeniedException", "BadRequestException", "TooManyRequestsException")
SMTP_STEPS = {"MAIL": "550 5.7.1", "RCPT": "550 5.1.1", "DATA": "554 5.7.1"}


@pytest.fixture
def email_providers() -> ConnectedAccounts:
    """Return the accounts of the running service in place of the fakes."""
    platform = PlatformAccount(region="us-east-1", access_key_id="AKIA", secret_access_key="of-the-platform")
    return ConnectedAccounts(platform, allow_private_hosts=True)


@pytest.fixture(autouse=True)
def _logging_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the root logger as it was, and the tests' own mail server without a word."""
    monkeypatch.setattr(logging.getLogger("mail.log"), "filters", [lambda _: False])
    with logging_as_before():
        yield


@pytest.fixture
def logged(app: Any, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return everything_logged(capsys)


@pytest.fixture
def ask(client: Any, people: Any, logged: Callable[[], str]) -> Callable[..., Any]:
    return lambda method, path, body=None: client.open(
        f"{CLINIC}/{path}", method=method, json=body, headers=people.super_admin
    )


@pytest.fixture
def kept(
    client: Any, services: Any, logged: Callable[[], str], database_url: str, ask: Any
) -> Callable[[], dict[str, bytes | str]]:
    """Return every place that outlives a request."""
    return lambda: {
        "the database": stored(database_url, []),
        "the logs": logged(),
        "the metrics": client.get("/metrics").text,
        "the audit trail": repr(list(services.repositories.audit.of_clinic("canary-clinic"))),
        "the test emails": repr([each.code for each in _sends(services)]),
    }


def _sends(services: Any) -> list[Any]:
    found: list[Any] = services.repositories.test_sends.newest("canary-clinic", 1000)
    return found


def _found_in(places: dict[str, bytes | str]) -> dict[str, Any]:
    assert '"route"' in str(places["the logs"])
    return {name: found for name, text in places.items() if (found := spotted(text))}


def _answers(ask: Any, said: dict[str, str], have_said: Callable[[str], None]) -> dict[str, Any]:
    answers = {}
    for name, text in said.items():
        have_said(text)
        answer = ask("POST", "test-email", {"testEmail": PATIENT})
        assert 400 <= answer.status_code < 504, (name, answer.text)
        answers[name] = answer.text
    return answers


@pytest.fixture
def through_ses(ask: Any) -> None:
    ses = {"region": "us-east-1", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": SECRET}
    assert ask("PUT", "ses", {**ses, "fromEmail": "noreply@canary.example"}).status_code == 200


@pytest.mark.parametrize("code", SES_CODES)
def test_what_ses_quotes_is_masked_and_kept_nowhere(
    code: str, aws: Any, ask: Any, kept: Any, services: Any, through_ses: None
) -> None:
    def have_said(text: str) -> None:
        body = json.dumps({"__type": code, "message": f"The following identities failed the check: {text}"})
        aws.answers["email"] = (429 if code.startswith("TooMany") else 400, body)

    answers = _answers(ask, QUOTED, have_said)
    assert {name: found for name, text in answers.items() if (found := spotted(text))} == {}
    _answers(ask, HALF_QUOTED, have_said)
    assert len(aws.to("email")) >= len(QUOTED) + len(HALF_QUOTED)
    assert MARK in str(aws.to("email")[0].body), "the control: SES was sent what is looked for"
    assert len(_sends(services)) == len(QUOTED) + len(HALF_QUOTED)
    assert _found_in(kept()) == {}


@pytest.fixture
def mail_server(start_mail_server: Any, ask: Any) -> Any:
    server = start_mail_server()
    smtp = {"host": server.host, "port": server.port, "encryption": "none", "fromEmail": "a@canary.example"}
    primary = {"provider": "smtp", "credentials": smtp}
    assert ask("PUT", "config", {"email": {"primary": primary}}).status_code == 200
    return server


@pytest.mark.parametrize("step", SMTP_STEPS)
def test_what_a_mail_server_quotes_is_masked_and_kept_nowhere(
    step: str, mail_server: Any, ask: Any, kept: Any
) -> None:
    def have_said(text: str) -> None:
        lines = [f"{SMTP_STEPS[step]} {line.strip()} unknown" for line in text.split("\r\n")]
        mail_server.replies[step] = "\r\n".join(
            [*(line.replace(" ", "-", 1) for line in lines[:-1]), lines[-1]]
        )

    answers = _answers(ask, QUOTED, have_said)
    assert {name: found for name, text in answers.items() if (found := spotted(text))} == {}
    _answers(ask, HALF_QUOTED, have_said)
    mail_server.replies[step] = f"450 4.2.0 <{PATIENT}>: grey-listed"
    later = ask("POST", "test-email", {"testEmail": PATIENT})
    assert (later.status_code, later.json["code"]) == (503, "smtp_try_later")
    assert not spotted(later.text)
    assert _found_in(kept()) == {}


def test_a_log_in_that_is_refused_shows_no_password(
    start_mail_server: Any, server_tls: Any, trusted: None, ask: Any, kept: Any
) -> None:
    """Also where the password holds a letter that SMTP cannot carry, and Python's own error quotes it."""
    server = start_mail_server(tls_context=server_tls)
    smtp = {"host": server.host, "port": server.port, "username": "mailer", "fromEmail": "a@canary.example"}
    for password in (PASSWORD, SECRET):
        primary = {"provider": "smtp", "credentials": {**smtp, "password": password}}
        assert ask("PUT", "config", {"email": {"primary": primary}}).status_code == 200
        refused = ask("POST", "test-email", {"testEmail": "me@staff.example"})
        assert (refused.status_code, refused.json["code"]) == (422, "smtp_authentication_failed")
        assert not spotted(refused.text)
    assert {login.password for login in server.logins} == {SECRET.encode()}, "the other never left"
    assert _found_in(kept()) == {}
