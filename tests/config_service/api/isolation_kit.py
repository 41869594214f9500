"""A world of clinics for the tests of isolation: what each of them has, and whose a row may be."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from config_service.services.services import Services
from config_service.storage.models import MODELS

SHARED_TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
PLATFORM_ADDRESS = "noreply@healthcare.example"
PLATFORMS_PATIENT = "everybody@private.example"  # on the platform's list alone
TOPIC_A = "arn:aws:sns:us-east-1:111111111111:isolated-a"
TOPIC_B = "arn:aws:sns:us-east-1:222222222222:isolated-b"
TOPIC_TWO = "arn:aws:sns:us-east-1:333333333333:isolated-two"
CONTESTED = "desk@of-c-and-of-d.example"  # both clinics of TOPIC_TWO store it
CLINICS = {"isolated-a": TOPIC_A, "isolated-b": TOPIC_B, "isolated-c": TOPIC_TWO, "isolated-d": TOPIC_TWO}
POOR = "isolated-poor"  # has no account of its own, and sends through the platform's
TENANTS = (*CLINICS, POOR)
PLATFORM = None

# Whose state a table holds stands in one of these columns.
_TENANT = ("clinic_id", "scope", "id")
_OF_NOBODY = {"held_events", "leases", "rate_states", "migrations"}

Row = dict[str, Any]
State = dict[str | None, list[tuple[str, Row]]]


def source(clinic: str) -> str:
    return f"noreply@{clinic}.example"


def patient(clinic: str, number: int = 1) -> str:
    return f"patient-{number}-of-{clinic}@private.example"


def secret(clinic: str) -> str:
    return f"SecretOf{clinic}wJalrXUtnFEMIK7MDENG"


def note(clinic: str) -> str:
    return f"a note of {clinic} about somebody"


def state(services: Services) -> State:
    """Return every row in the database by whose it is (None: the platform's)."""
    found: State = {tenant: [] for tenant in (*TENANTS, PLATFORM)}
    for model in MODELS:
        table = model._meta.table_name
        if table in _OF_NOBODY:
            continue
        for row in rows(services, table):
            column = next(name for name in _TENANT if name in row)
            found.setdefault(row[column] or PLATFORM, []).append((table, row))
    return found


def rows(services: Services, table: str) -> Iterator[Row]:
    database = services.repositories.database
    with database.reading():
        cursor = database.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    return iter(sorted(found, key=repr))


def marks(clinic: str, of: State) -> set[str]:
    """Return the texts by which one clinic's state is known wherever it turns up."""
    ids = {
        str(row[name])
        for table, row in of.get(clinic, [])
        for name in ("id", "external_id")
        if table in {"suppressions", "test_sends", "clinics"} and row.get(name) and row[name] != clinic
    }
    return ids | {clinic, patient(clinic), patient(clinic, 2), secret(clinic), note(clinic), source(clinic)}


@dataclass
class Knowledge:
    """What the settings and the sends of a moment say, read off the rows."""

    owners: dict[str, set[str]] = field(default_factory=dict)  # by address, topic
    domains: dict[str, set[str]] = field(default_factory=dict)
    sends: set[tuple[str, str, str]] = field(default_factory=set)  # message id, source, clinic
    through_platform: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, services: Services, now: State) -> "Knowledge":
        found = cls()
        for tenant, tenants_rows in now.items():
            for table, row in tenants_rows:
                if table == "clinic_identities" and tenant:
                    found.owners.setdefault(row["value"], set()).add(tenant)
                    if row["kind"] == "address":
                        found.domains.setdefault(row["domain"], set()).add(tenant)
                if table == "test_sends" and tenant and row["message_id"]:
                    found.sends.add((row["message_id"], row["source"], tenant))
        found.through_platform = {
            tenant
            for tenant in now
            if tenant and services.repositories.clinics.exists(tenant)
            if services.feedback._mapping.sends_through_platform(tenant)
        }
        return found

    def may_hold(self, clinic: str | None, event: Row) -> bool:
        """Whether anything says that an event is this clinic's: the rules in the design, in other words."""
        topic, sent_from = event["topic_arn"], event["source"]
        owners = self.owners.get(topic, set())
        if topic != SHARED_TOPIC:
            if clinic not in owners:
                return False
            if len(owners) == 1:  # its own topic speaks for it, unless the mail is another's
                others = self.owners.get(sent_from, set()) or self._users(sent_from)
                return not others or clinic in others
        if clinic is PLATFORM:
            return bool(sent_from == PLATFORM_ADDRESS)
        return (
            self.owners.get(sent_from) == {clinic}
            or (event["mail_message_id"], sent_from, clinic) in self.sends
            or (event["clinic_tag"] == clinic and clinic in self.owners.get(sent_from, set()))
            or (sent_from == PLATFORM_ADDRESS and event["clinic_tag"] == clinic in self.through_platform)
            or (not self.owners.get(sent_from) and self._users(sent_from) == {clinic})
        )

    def _users(self, address: str | None) -> set[str]:
        domain = (address or "").rpartition("@")[2]
        return set() if domain == PLATFORM_ADDRESS.rpartition("@")[2] else self.domains.get(domain, set())
