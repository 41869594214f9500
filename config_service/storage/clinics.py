"""Clinics, and the look-ups over the addresses and topics that their settings hold."""

from collections.abc import Collection, Iterable, Iterator

from msgspec import structs

from config_service.storage import models, rows
from config_service.storage.database import Database
from config_service.storage.models import Clinic, ClinicIdentity, UnprovenSource
from config_service.storage.records import ClinicRecord, IdentityRecord

ADDRESS = "address"
TOPIC = "topic"
ROLE = "role"


class ClinicRepository:
    """Reads and writes clinics."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def get(self, clinic_id: str) -> ClinicRecord | None:
        """Return the clinic, or None."""
        found = rows.select(self._db, ClinicRecord, "clinics WHERE id = ?", (clinic_id,))
        return (
            structs.replace(found[0], settings=Clinic.settings.python_value(found[0].settings))
            if found
            else None
        )

    def exists(self, clinic_id: str) -> bool:
        """Whether the clinic has a row."""
        with self._db.reading():
            return bool(self._db.execute("SELECT 1 FROM clinics WHERE id = ?", (clinic_id,)).fetchone())

    def get_for_update(self, clinic_id: str) -> ClinicRecord | None:
        """Return the clinic, which nobody else can change before this transaction ends."""
        query = Clinic.select().where(Clinic.id == clinic_id)
        return rows.fetch_one(self._db, query if self._db.is_sqlite else query.for_update(), ClinicRecord)

    def save(self, clinic: ClinicRecord) -> None:
        """Write the clinic over what is stored under its id."""
        values = {
            name: getattr(clinic, name) for name in ("settings", "external_id", "created_at", "updated_at")
        }
        if not rows.run(self._db, Clinic.update(values).where(Clinic.id == clinic.id)):
            rows.insert(self._db, Clinic, clinic)

    def every(self) -> Iterator[ClinicRecord]:
        """Yield all clinics, some hundred at a time."""
        return rows.stream(self._db, Clinic.select(), ClinicRecord)

    def lock_ownership(self) -> None:
        """Keep every other save out to the end of this transaction: who owns an address is decided alone."""
        self._db.lock(["config_service.ownership"])

    def identities_of(self, clinic_id: str) -> list[IdentityRecord]:
        """Return the addresses and topics of one clinic."""
        return rows.select(self._db, IdentityRecord, "clinic_identities WHERE clinic_id = ?", (clinic_id,))

    def owners_of(self, kind: str, value: str) -> set[str]:
        """Return the ids of the clinics whose settings hold this address or topic."""
        where = "clinic_identities WHERE value = ? AND kind = ?"
        return {row.clinic_id for row in rows.select(self._db, IdentityRecord, where, (value, kind))}

    def owners_of_all(self, values: Iterable[str]) -> dict[tuple[str, str], set[str]]:
        """Return the same for several addresses and topics, by kind and value."""
        of, parameters = rows.any_of(self._db, "value", values)
        owners: dict[tuple[str, str], set[str]] = {}
        for row in rows.select(self._db, IdentityRecord, f"clinic_identities WHERE {of}", parameters):
            owners.setdefault((row.kind, row.value), set()).add(row.clinic_id)
        return owners

    def users_of_domain(self, domain: str) -> list[IdentityRecord]:
        """Return the addresses at `domain` that clinics' settings hold."""
        return rows.select(self._db, IdentityRecord, "clinic_identities WHERE domain = ?", (domain,))

    def topics(self) -> list[IdentityRecord]:
        """Return every per-clinic topic, by ARN."""
        query = ClinicIdentity.select().where(ClinicIdentity.kind == TOPIC)
        return rows.fetch(
            self._db, query.order_by(ClinicIdentity.value, ClinicIdentity.clinic_id), IdentityRecord
        )

    def mark_unproven(self, clinic_id: str, addresses: Collection[str]) -> None:
        """Remember that only the clinic's own administrator says that these addresses are the clinic's."""
        for address in sorted(addresses):
            query = UnprovenSource.insert(clinic_id=clinic_id, address=address).on_conflict_ignore()
            rows.run(self._db, query.as_rowcount())

    def mark_proven(self, clinic_id: str, addresses: Collection[str]) -> None:
        """Forget the doubt about these addresses."""
        query = models.UnprovenSource.delete().where(
            (UnprovenSource.clinic_id == clinic_id) & UnprovenSource.address.in_(sorted(addresses))
        )
        rows.run(self._db, query)

    def unproven(self, clinic_id: str) -> set[str]:
        """Return the clinic's addresses that nothing has proved yet."""
        with self._db.reading():
            cursor = self._db.execute(
                "SELECT address FROM unproven_sources WHERE clinic_id = ?", (clinic_id,)
            )
            return {address for (address,) in cursor.fetchall()}
