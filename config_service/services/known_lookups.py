"""What the mapping of many events asks, answered out of a query for all of them."""

from collections.abc import Collection
from functools import cache

from config_service.storage.clinics import ClinicRepository
from config_service.storage.records import IdentityRecord, TestSendRecord
from config_service.storage.test_sends import TestSendRepository


class KnownClinics:
    """Answers as ClinicRepository, about the addresses and topics that it was made for."""

    def __init__(self, clinics: ClinicRepository, values: Collection[str]) -> None:
        """Ask for the owners of `values`, which are addresses and topics."""
        self._owners = clinics.owners_of_all(values)
        self._users_of_domain = cache(clinics.users_of_domain)
        self.exists = cache(clinics.exists)
        self.unproven = cache(clinics.unproven)

    def owners_of(self, kind: str, value: str) -> set[str]:
        """Return the ids of the clinics whose settings hold this address or topic."""
        return self._owners.get((kind, value), set())

    def users_of_domain(self, domain: str) -> list[IdentityRecord]:
        """Return the addresses at `domain` that clinics' settings hold."""
        return self._users_of_domain(domain)


class KnownSends:
    """Answers as TestSendRepository, about the messages that it was made for."""

    def __init__(self, sends: TestSendRepository, message_ids: Collection[str]) -> None:
        """Ask for the test sends that SES gave one of these ids."""
        self._sends = sends.by_message_ids(message_ids) if message_ids else {}

    def by_message_id(self, message_id: str) -> TestSendRecord | None:
        """Return the send that SES gave this message id, or None."""
        return self._sends.get(message_id)
