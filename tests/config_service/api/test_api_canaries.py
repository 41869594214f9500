"""Canaries in every input of config_service, through every flow and failure: found only where they belong."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from canaries import (
    BOUNCED,
    IMPORTED,
    LISTED,
    MARK,
    NAME,
    NOTE,
    PASSWORD,
    PATIENT,
    SECRET,
    SUBJECT,
    TOKEN,
    everything_logged,
    forms,
    logging_as_before,
    spotted,
    stored,
)

from config_service.providers.base import ProviderUnavailableError, SendRefusedError, SendThrottledError
from config_service.storage.models import MODELS

MINE, OTHERS = "canary-clinic", "another-clinic"
SMTP = {
    "host": "smtp.canary.example",
    "username": "mailer",
    "password": PASSWORD,
    "fromEmail": "a@canary.example",
}
TWILIO = {"accountSid": f"AC{32 * '0'}", "authToken": TOKEN, "fromNumber": "+14155550100"}
META = {"phoneNumberId": "106540352242922", "accessToken": TOKEN, "appSecret": f"{TOKEN}-2"}
RAW = f'{{"mail": {{"destination": ["{PATIENT}"], "commonHeaders": {{"subject": "{SUBJECT}"}}}}}}'
SMTP_TEXT = f"550 5.1.1 <{BOUNCED}>: no mailbox of {NAME} here"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    with logging_as_before():
        yield


@pytest.fixture
def logged(app: Any, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Log everything there is, and return what has been logged so far."""
    app.testing = False  # what nobody foresaw is answered, as in production
    return everything_logged(capsys)


class Flows:
    """Everything that can be done with a canary; `answers` keeps what was answered, by what was done."""

    def __init__(self, of: Any, call: Any, record: Any, event: Any, people: Any, providers: Any) -> None:
        self.of, self.call, self.record, self.event = of, call, record, event
        self.people, self.providers = people, providers
        self.refusals: dict[str, str] = {}

    def configure(self, ses: dict[str, Any]) -> None:
        primary = {
            "provider": "aws_ses",
            "credentials": {**ses, "secretAccessKey": SECRET, "fromName": "Clinic"},
        }
        document = {
            "email": {"primary": primary, "fallback": [{"provider": "smtp", "credentials": SMTP}]},
            "whatsapp": {"primary": {"provider": "meta", "credentials": META}},
            "sms": {"primary": {"provider": "twilio", "credentials": TWILIO}},
        }
        assert self.of(MINE, "PUT", "config", document).status_code == 200
        assert (
            self.of(OTHERS, "PUT", "ses", {**ses, "fromEmail": "noreply@another.example"}).status_code == 200
        )

    def feed(self) -> None:
        """Report what SES may say of a patient, some of it unreadable, of nobody's, or twice."""
        said = {"detail": SMTP_TEXT, "mailMessageId": "mail-1"}
        self.record(
            self.event("Bounce", BOUNCED, **said),
            self.event("Bounce", BOUNCED.upper(), **said),
            self.event("Complaint", f"{NAME} <{PATIENT}>"),
            self.event("Delivery", LISTED, detail=f"250 queued for {LISTED}"),
            self.event("Bounce", PATIENT, source="who@stranger.example", detail=SMTP_TEXT),
            self.event("Unreadable", None, raw=RAW, detail=RAW),
            self.event("Bounce", f"{MARK} {400 * MARK}"),
        )

    def write(self) -> None:
        """Do by hand what people do."""
        note = f"{NOTE}, {PATIENT}"
        added = self.of(MINE, "POST", "suppressions", {"email": LISTED, "note": note}).json["suppression"]
        done = self.of(MINE, "DELETE", f"suppressions/{added['id']}", {"note": note, "consent": True})
        assert done.status_code == 200
        csv = {"data": f"email,reason\n{IMPORTED},manual\n{NAME},manual\n", "content_type": "text/csv"}
        report = self.of(MINE, "POST", "suppressions/import", **csv)
        assert report.json["imported"] == 1
        self.refusals["a line of a CSV"] = report.text

    def refuse(self) -> None:
        """Have everything refused that may be, and keep the answers."""
        bad = {
            "email": {"primary": {"provider": "smtp", "credentials": {"password": PASSWORD, "port": SECRET}}}
        }
        requests: dict[str, tuple[Any, ...]] = {
            "bad settings": (MINE, "PUT", "config", bad),
            "a region that is none": (MINE, "PUT", "ses", {"region": "nowhere", "secretAccessKey": SECRET}),
            "no address": (MINE, "POST", "suppressions", {"email": f"{NAME}, {PATIENT}", "note": NOTE}),
            "two addresses": (MINE, "POST", "test-email", {"testEmail": f"{PATIENT}, {PATIENT}"}),
            "a suppressed recipient": (MINE, "POST", "test-email", {"testEmail": BOUNCED}),
            "an unknown field": (MINE, "POST", "suppressions/check", {"email": LISTED, "x": TOKEN}),
            "a note of the wrong type": (MINE, "DELETE", "suppressions/1", {"note": [NOTE]}),
        }
        for name, given in requests.items():
            answer = self.of(*given)
            assert 400 <= answer.status_code < 500, name
            self.refusals[name] = answer.text
        broken = {"data": f'{{"secretAccessKey": "{SECRET}", ', "content_type": "application/json"}
        self.refusals["broken JSON"] = self.of(MINE, "PUT", "ses", **broken).text
        strange = {"Authorization": f"Bearer {TOKEN}.{SECRET}.x"}
        self.refusals["a token of nobody"] = self.of(MINE, "GET", "config", headers=strange).text

    def send(self) -> None:
        """Send test emails that are accepted, refused, throttled, and that meet a broken connection."""
        sent = self.of(MINE, "POST", "test-email", {"testEmail": f"me.{PATIENT}"})
        assert sent.status_code == 200
        for kind in (SendRefusedError, SendThrottledError, ProviderUnavailableError):
            self.providers.refuse_with(kind("The provider said no.", code="said_no", retry_after=1))
            self.refusals[kind.__name__] = self.of(
                MINE, "POST", "test-email", {"testEmail": f"me.{PATIENT}"}
            ).text
        self.providers.refuse_with(None)


@pytest.fixture
def flows(of: Any, call: Any, record: Any, event: Any, people: Any, email_providers: Any, ses: Any) -> Flows:
    made = Flows(of, call, record, event, people, email_providers)
    made.configure(ses)
    return made


def everything(flows: Flows) -> None:
    flows.feed()
    flows.write()
    flows.refuse()
    flows.send()


def test_what_is_looked_for_is_found_in_every_form() -> None:
    for form, spelt in forms(f"{MARK} and more").items():
        assert spotted(b"..." + spelt + b"...", f"{MARK} and more"), form
        assert spotted(b"..." + spelt + b"..."), form


def test_no_canary_is_in_the_database_the_logs_the_metrics_or_what_others_see(
    flows: Flows, logged: Callable[[], str], services: Any, call: Any, of: Any, client: Any, database_url: str
) -> None:
    everything(flows)
    services.sweep.run()
    places: dict[str, bytes | str] = {
        "the database": stored(database_url, [model._meta.table_name for model in MODELS]),
        "the logs": logged(),
        "the metrics": client.get("/metrics").text,
        "the API's document": client.get("/openapi.json").text,
        "my settings": of(MINE, "GET", "config").text,
        "my audit trail": repr(list(services.repositories.audit.of_clinic(MINE))),
        "the platform's audit trail": repr(list(services.repositories.audit.of_clinic(None))),
        "the platform's list": call("GET", "/api/v1/suppressions/export").text,
        **{
            f"another clinic's {name}": of(OTHERS, "GET", name).text
            for name in ("config", "suppressions", "suppressions/export", "events")
        },
    }
    assert MINE in places["the logs"] or '"route"' in places["the logs"]
    assert "logging error" not in str(places["the logs"]).lower()
    assert {name: found for name, text in places.items() if (found := spotted(text))} == {}


def test_every_canary_is_where_it_belongs(flows: Flows, call: Any, of: Any, people: Any) -> None:
    """The control: what is found nowhere else is there for who may see it."""
    everything(flows)
    opened = call("GET", f"/internal/v1/clinics/{MINE}/effective-config", headers=people.sender).text
    held = call("GET", "/api/v1/events/held").json["events"]
    unreadable = next(each["id"] for each in held if each["rule"] == "unreadable")
    seen = {
        **dict.fromkeys((SECRET, PASSWORD, TOKEN), opened),
        IMPORTED: of(MINE, "GET", "suppressions/export").text,
        BOUNCED: of(MINE, "GET", "suppressions").text,
        SMTP_TEXT: of(MINE, "GET", "events?limit=100").text,
        RAW: call("GET", f"/api/v1/events/held/{unreadable}").text,
    }
    assert [text for text, where in seen.items() if not spotted(where, text)] == []


# What a person typed may come back to that very person, where it says which of it was wrong; secrets never.
SECRETS = (SECRET, PASSWORD, TOKEN, NOTE)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_refusal_repeats_a_secret_or_a_note(flows: Flows, logged: Callable[[], str]) -> None:
    everything(flows)
    assert len(flows.refusals) >= 12
    assert {name: found for name, text in flows.refusals.items() if (found := spotted(text, *SECRETS))} == {}
    assert not spotted(logged())


def boom(*_: Any, **__: Any) -> Any:
    raise RuntimeError("forced")


BROKEN = {
    "sealing": lambda services: ("config_service.encryption.CredentialCipher", "seal"),
    "opening": lambda services: ("config_service.encryption.CredentialCipher", "open"),
    "the audit trail": lambda services: (type(services.repositories.audit), "add"),
    "the list": lambda services: (type(services.repositories.suppressions), "lock"),
    "the events": lambda services: (type(services.repositories.events), "lock_messages"),
    "the clinics": lambda services: (type(services.repositories.clinics), "save"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", BROKEN)
def test_an_exception_in_the_middle_shows_and_logs_none(
    flows: Flows, logged: Callable[[], str], services: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    owner, name = BROKEN[what](services)
    monkeypatch.setattr(*((f"{owner}.{name}",) if isinstance(owner, str) else (owner, name)), boom)
    tries = (
        lambda: flows.of(
            MINE, "PUT", "ses", {"secretAccessKey": SECRET, "fromEmail": PATIENT, "region": "us-east-1"}
        ),
        lambda: flows.of(MINE, "POST", "suppressions", {"email": PATIENT, "note": NOTE}),
        lambda: flows.of(MINE, "POST", "test-email", {"testEmail": f"me.{PATIENT}"}),
        lambda: flows.of(MINE, "GET", "suppressions"),
        lambda: flows.call(
            "GET", f"/internal/v1/clinics/{MINE}/effective-config", headers=flows.people.sender
        ),
    )
    answers = [act() for act in tries]
    with suppress(AssertionError):
        flows.feed()
    log = logged()
    assert "forced" in log
    assert any(answer.status_code >= 500 for answer in answers) or "an event cannot be recorded" in log
    for answer in answers:
        assert answer.status_code < 400 or not spotted(answer.text)
    assert not spotted(log)


def test_a_database_that_is_away_makes_nobody_talk(
    flows: Flows, logged: Callable[[], str], break_database: Callable[[], None]
) -> None:
    everything(flows)
    break_database()
    answers = [
        flows.of(
            MINE, "PUT", "ses", {"secretAccessKey": SECRET, "fromEmail": PATIENT, "region": "us-east-1"}
        ),
        flows.of(MINE, "POST", "suppressions", {"email": PATIENT, "note": NOTE}),
        flows.of(MINE, "GET", "suppressions"),
    ]
    assert {answer.status_code for answer in answers} <= {503, 422}
    assert not spotted(logged())
    assert not [answer.text for answer in answers if spotted(answer.text, SECRET, NOTE)]
