"""All repositories over one database, handed to the services together."""

from dataclasses import dataclass

from config_service.storage.audit import AuditRepository, LeaseRepository
from config_service.storage.clinics import ClinicRepository
from config_service.storage.database import Database
from config_service.storage.erasures import ErasureRepository
from config_service.storage.events import EventRepository
from config_service.storage.held_events import HeldEventRepository
from config_service.storage.old_events import OldEventRepository
from config_service.storage.suppressions import SuppressionRepository
from config_service.storage.test_sends import TestSendRepository


@dataclass(frozen=True, slots=True)
class Repositories:
    """The database and what reads and writes it."""

    database: Database
    clinics: ClinicRepository
    events: EventRepository
    held: HeldEventRepository
    suppressions: SuppressionRepository
    test_sends: TestSendRepository
    audit: AuditRepository
    leases: LeaseRepository
    erasures: ErasureRepository
    old_events: OldEventRepository


def repositories(database: Database) -> Repositories:
    """Return all repositories over `database`."""
    return Repositories(
        database,
        ClinicRepository(database),
        EventRepository(database),
        HeldEventRepository(database),
        SuppressionRepository(database),
        TestSendRepository(database),
        AuditRepository(database),
        LeaseRepository(database),
        ErasureRepository(database),
        OldEventRepository(database),
    )
