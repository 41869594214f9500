"""What the tests of the core share: SES events as webhook_service reports them, and questions about the outcome."""

import itertools
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from config_service.services.principal import CLINIC_ADMIN, SUPER_ADMIN, Principal
from config_service.services.services import Services
from shared.internal_api import FeedbackEvent
from shared.ses import SesEvent

START = datetime(2026, 1, 1, tzinfo=UTC)  # where the tests' clock starts
SHARED_TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
PLATFORM_ADDRESS = "noreply@healthcare.example"
SOURCE = "noreply@clinic-domain.example"
PATIENT = "jane@patients.example"
ROOT = Principal("root", SUPER_ADMIN)
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
SES = {
    "region": "us-east-1",
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "secretAccessKey": SECRET,
    "fromEmail": SOURCE,
    "fromName": "My Clinic",
}

_numbers = itertools.count(1)


def event(kind: str = "Bounce", **given: Any) -> FeedbackEvent:
    """Return an event of a message and an SNS message of its own; `days` and `ms` are after START.

    A bounce is permanent where nothing else is said.
    """
    number = next(_numbers)
    envelope = {
        "sns_message_id": given.pop("sns", f"sns-{number}"),
        "topic_arn": given.pop("topic", SHARED_TOPIC),
    }
    at = START + timedelta(days=given.pop("days", 0), milliseconds=given.pop("ms", 0))
    fields = {"recipient": PATIENT, "source": SOURCE, "mail_message_id": f"mail-{number}", "at": at, **given}
    if kind == "Bounce" and "bounce_type" not in fields:
        fields = {"bounce_type": "Permanent", "sub_type": "General", **fields}
    return FeedbackEvent(**envelope, event=SesEvent(kind=kind, **fields))


def soft(**given: Any) -> FeedbackEvent:
    """Return a soft bounce that counts: a full mailbox."""
    return event(**{"bounce_type": "Transient", "sub_type": "MailboxFull", "status": "4.2.2", **given})


def give_ses(services: Services, clinic_id: str, *, actor: Principal = ROOT, **changes: Any) -> Any:
    """Give a clinic its own SES account."""
    return services.configs.save_ses(clinic_id=clinic_id, actor=actor, credentials={**SES, **changes})


def clinic_admin(*clinics: str) -> Principal:
    return Principal("clinic's administrator", CLINIC_ADMIN, frozenset(clinics))


def reasons(services: Services, clinic_id: str | None, address: str = PATIENT) -> list[tuple[str, str]]:
    """Return (code, scope) of all that stands between a clinic and an address."""
    check = services.reachability.check(clinic_id, [address])[0]
    return [(reason.code, reason.scope) for reason in check.reasons]


def codes(services: Services, clinic_id: str | None, address: str = PATIENT) -> list[str]:
    return [code for code, _ in reasons(services, clinic_id, address)]


def results(services: Services, *events: FeedbackEvent) -> list[str]:
    return [result.result for result in services.feedback.record(events)]


def counted(services: Services, table: str) -> int:
    """Return how many rows a table has."""
    with services.repositories.database.reading():
        found = services.repositories.database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    return int(found[0])


def at_once(*jobs: tuple[Services, Callable[[], Any]]) -> list[Any]:
    """Run every job in a thread of its own, all started together, and return what each returned or raised."""
    barrier = threading.Barrier(len(jobs))

    def run(services: Services, job: Callable[[], Any]) -> Any:
        try:
            services.repositories.database.ping()
            barrier.wait(timeout=20)
            return job()
        except Exception as error:  # noqa: BLE001 - handed to the test, which says what is expected
            return error
        finally:
            services.repositories.database.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, *job) for job in jobs]]


def in_batches(services: Services, events: Iterable[FeedbackEvent], size: int = 20) -> list[str]:
    """Record events as webhook_service does under load, some at a time."""
    found: list[str] = []
    rest = list(events)
    while rest:
        found += results(services, *rest[:size])
        rest = rest[size:]
    return found
