"""The periodic job: seals direct updates, tries held events again, and removes events that are too old."""

import threading

import structlog

from config_service.clock import Clock
from config_service.services.clinic_rows import ClinicRows
from config_service.services.held_retries import HeldRetries
from config_service.services.retention import Retention
from config_service.storage.audit import LeaseRepository
from config_service.storage.rate_states import RateStates
from shared.errors import ServiceError

log = structlog.get_logger(__name__)

LEASE = "sweep"
# ms, after which another process takes over from one that died; should two run at once, they do no harm.
_LONGEST = 2 * 60 * 1000


class Sweep:
    """One run at a time over all processes."""

    def __init__(
        self,
        leases: LeaseRepository,
        rows: ClinicRows,
        held: HeldRetries,
        retention: Retention,
        rate_states: RateStates,
        clock: Clock,
    ) -> None:
        """Take what it works on."""
        self._leases = leases
        self._rows = rows
        self._held = held
        self._retention = retention
        self._rate_states = rate_states
        self._clock = clock

    def run(self) -> bool:
        """Do the job once and return True; False where another process is at it."""
        now = self._clock()
        until = now + _LONGEST
        self._rows.retry_emptying()
        if not self._leases.take(LEASE, now, until):
            return False
        try:
            sealed = self._rows.seal_direct_updates()
            applied = self._held.retry()
            removed = self._retention.sweep()
            self._rate_states.forget_idle(now)
        finally:
            self._leases.give_back(LEASE, until)
        if sealed or applied or removed:
            log.info("sweep", sealedClinics=sealed, appliedEvents=applied, removedEvents=removed)
        return True

    def start(self, seconds: float) -> threading.Event:
        """Run now and every `seconds` in a thread of its own, until the returned event is set."""
        stop = threading.Event()

        def work() -> None:
            while True:
                try:
                    self.run()
                except ServiceError as error:
                    log.warning("sweep failed; it will be tried again", code=error.code)
                except Exception:
                    # A thread that ends is missed by nobody; this one is tried again in a minute.
                    log.exception("sweep failed; it will be tried again")
                if stop.wait(seconds):
                    return

        threading.Thread(target=work, name="sweep", daemon=True).start()
        return stop
