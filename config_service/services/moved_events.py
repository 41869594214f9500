"""Recorded events that turn out to be another clinic's, once it is known who sent their message."""

from dataclasses import dataclass

from config_service.services.arrivals import NO_RECIPIENT, question_of_record
from config_service.services.clinic_mapping import ClinicMapping
from config_service.services.feedback import FeedbackService
from config_service.services.stored_arrivals import StoredArrivals
from config_service.services.suppression_state import SuppressionState
from config_service.storage.records import EventRecord
from config_service.storage.repositories import Repositories


@dataclass(frozen=True, slots=True)
class MovedEvents:
    """Moves events between clinics."""

    repositories: Repositories
    mapping: ClinicMapping
    feedback: FeedbackService
    state: SuppressionState
    stored: StoredArrivals

    def move_message(self, mail_message_id: str) -> None:
        """Ask again about the recorded events of a message, in the transaction that learnt whose it is.

        The lock is the one that `FeedbackService.record` takes before it asks: an event that comes at this
        moment either sees the send, or is seen here.
        """
        with self.repositories.database.transaction():
            self.repositories.events.lock_messages([mail_message_id])
            for event in self.repositories.events.of_message(mail_message_id):
                self._move(event)

    def _move(self, event: EventRecord) -> None:
        mapping = self.mapping.find(question_of_record(event))
        if mapping.held or mapping.clinic_id == event.clinic_id or event.id is None:
            return
        arrival = self.stored.of(event, mapping)
        both = (event.clinic_id, mapping.clinic_id)
        self.repositories.suppressions.lock((clinic_id, arrival.address.hashes) for clinic_id in both)
        self.repositories.events.remove(event.id)
        if arrival.address is not NO_RECIPIENT:
            self.state.settle(event.clinic_id, arrival.address)
        self.feedback.place([arrival])
