"""The suppression entries that probes have caused: taken away again, and only those."""

from contextlib import suppress

from config_service.errors import NotFoundError
from config_service.services.principal import Principal
from config_service.services.probe.mails import SUPPRESSING, ProbeMail, probe_of
from config_service.services.suppressions import Suppressions
from config_service.storage.repositories import Repositories

_EARLIER = 150  # test emails: the probes of some hours


class ProbeEntries:
    """Removes by the list's own rules; the audit trail says for which probe."""

    def __init__(self, repositories: Repositories, suppressions: Suppressions) -> None:
        """Take what is stored, and the lists."""
        self._repositories = repositories
        self._suppressions = suppressions

    def clear(self, clinic_id: str, probe_id: str, actor: Principal) -> None:
        """Remove what a probe's events have put on the lists in which they were recorded."""
        for mail in SUPPRESSING:
            send = self._repositories.test_sends.get(clinic_id, mail.test_id(probe_id))
            if send is not None and send.message_id:
                events = self._repositories.events.of_message(send.message_id)
                for scope in {event.clinic_id for event in events}:
                    self._remove(scope, mail, probe_id, actor)

    def clear_earlier(self, clinic_id: str, actor: Principal) -> None:
        """Remove what the clinic's earlier probes have left behind, of which nobody took care."""
        sends = self._repositories.test_sends.newest(clinic_id, _EARLIER)
        probes = {found for send in sends if (found := probe_of(send.id))}
        hashes = {
            probe_id: {each for mail in SUPPRESSING for each in self._hashes(mail, probe_id)}
            for probe_id in probes
        }
        every = {each for found in hashes.values() for each in found}
        left = {entry.address_hash for entry in self._repositories.suppressions.of_addresses(every)}
        for probe_id in probes:
            if hashes[probe_id] & left:
                self.clear(clinic_id, probe_id, actor)

    def _remove(self, scope: str | None, mail: ProbeMail, probe_id: str, actor: Principal) -> None:
        hashes, lists = self._hashes(mail, probe_id), self._repositories.suppressions
        entry = lists.find(scope, hashes)
        if entry is None or any(act.action == "add" for act in lists.acts(scope, hashes)):
            return  # what somebody added by hand is theirs
        note = f"The probe {probe_id} caused this entry itself; nobody reads the simulator's mailbox."
        with suppress(NotFoundError), self._repositories.database.transaction():  # somebody was faster
            self._suppressions.remove(scope, entry.id, actor, note, consent=True)
            fields = [f"probe:{probe_id}", f"suppression:{entry.id}"]
            self._suppressions.audit.write(actor, "probe.cleared", scope, fields)

    def _hashes(self, mail: ProbeMail, probe_id: str) -> tuple[str, ...]:
        return self._suppressions.vault.hashes(mail.address(probe_id))
