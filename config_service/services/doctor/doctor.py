"""Examines clinics, and the platform's own account: every check side by side, in under ten seconds."""

import time
from collections.abc import Iterator
from functools import partial
from threading import BoundedSemaphore

from config_service.errors import TooManyRequestsError
from config_service.services.clinic_rows import ClinicRows
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.doctor.checks import settings as settings_checks
from config_service.services.doctor.checks.every import EVERY_CHECK
from config_service.services.doctor.finding import Report
from config_service.services.doctor.gathering import Gathering
from config_service.services.doctor.outcome import unknown
from config_service.services.doctor.runner import LIMIT, side_by_side
from config_service.services.doctor.target import Target, read_target
from config_service.services.doctor.wording import finding_of, looked
from config_service.storage.clinics import ClinicRepository

AT_ONCE = 4  # examinations of one process, each of which asks AWS from some 40 threads
_BUSY_SECONDS = 5


class Doctor:
    """Looks, and changes nothing."""

    def __init__(
        self,
        clinics: ClinicRepository,
        rows: ClinicRows,
        sealing: CredentialSealing,
        gathering: Gathering,
        limit: float = LIMIT,
    ) -> None:
        """Take the clinics, what opens their credentials, what gathers facts, and the time limit (s)."""
        self._clinics = clinics
        self._rows = rows
        self._sealing = sealing
        self._gathering = gathering
        self._limit = limit
        self._room = BoundedSemaphore(AT_ONCE)

    def of_clinic(self, clinic_id: str) -> Report:
        """Return what is found about a clinic; raise NotFoundError, or TooManyRequestsError while busy."""
        return self._examined(read_target(self._rows.get(clinic_id), self._sealing))

    def of_platform(self) -> Report:
        """Return what is found about the platform's own account."""
        return self._examined(self._gathering.platform())

    def of_all(self) -> Iterator[Report]:
        """Yield the platform's report, and then every clinic's."""
        yield self.of_platform()
        for record in self._clinics.every():
            yield self.of_clinic(record.id)

    def _examined(self, target: Target) -> Report:
        if not self._room.acquire(blocking=False):
            raise TooManyRequestsError(
                "The doctor is busy with other clinics.",
                code="doctor_busy",
                hint="Ask again in a few seconds.",
                retry_after=_BUSY_SECONDS,
            )
        try:
            return self._report(target)
        finally:
            self._room.release()

    def _report(self, target: Target) -> Report:
        start = time.monotonic()
        facts = self._gathering.facts(target)
        checks = EVERY_CHECK if target.has_ses else settings_checks.CHECKS
        left = self._limit - (time.monotonic() - start)
        jobs = [partial(looked, check, facts) for check in checks]
        late = unknown(f"no answer within {self._limit:g} s", "not_answered")
        outcomes = side_by_side(jobs, lambda: late, left)
        findings = tuple(
            finding_of(check, outcome, facts)
            for check, outcome in zip(checks, outcomes, strict=True)
            if outcome is not None
        )
        took = round((time.monotonic() - start) * 1000)
        return Report(target.clinic_id, facts.local.now, took, findings)
