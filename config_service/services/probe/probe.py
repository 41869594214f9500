"""Tries the whole loop: mail out by the clinic's own settings, SES's events in, and what they bring about."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from config_service.errors import InvalidError, TooManyRequestsError
from config_service.providers.base import ProviderUnavailableError, SendRefusedError, SendThrottledError
from config_service.services.principal import Principal
from config_service.services.probe.entries import ProbeEntries
from config_service.services.probe.following import Following
from config_service.services.probe.mails import MAILS, ProbeMail
from config_service.services.probe.trail import ProbeTrail
from config_service.services.rate_limits import RateLimit
from config_service.services.test_emails import TestEmails
from config_service.services.test_routes import TestRoute
from shared.errors import ServiceError

_ID_LENGTH = 16  # characters: no two of them meet, and a labelled address stays short


@dataclass(frozen=True, slots=True)
class Probe:
    """Starts probes, follows them and tidies up after them."""

    tests: TestEmails
    following: Following
    entries: ProbeEntries
    limit: RateLimit

    def start(self, clinic_id: str, actor: Principal) -> ProbeTrail:
        """Send the three mails by the clinic's primary; what SES refuses stands in the trail.

        Raise NotFoundError, SendRefusedError where there is nothing to send by, InvalidError for a provider
        that reports no events, or TooManyRequestsError: nothing is sent then.
        """
        probe_id = uuid.uuid4().hex[:_ID_LENGTH]
        record = self.tests.rows.get(clinic_id)
        routes = [(mail, self.tests.routes.find(record, mail.address(probe_id), None)) for mail in MAILS]
        if not all(route.provider.tracks for _, route in routes):
            raise InvalidError(
                f"The clinic's primary, {routes[0][1].name}, reports no events that could be followed.",
                code="probe_needs_ses",
                hint="Make SES the primary (PUT .../communication/ses), or send a test email instead.",
            )
        self._refuse_too_many(clinic_id)
        self.entries.clear_earlier(clinic_id, actor)
        refusals = self._send(routes, probe_id, clinic_id, actor)
        return self.following.trail(clinic_id, probe_id, refusals)

    def show(self, clinic_id: str, probe_id: str) -> ProbeTrail:
        """Return how far a probe has come; raise NotFoundError."""
        return self.following.trail(clinic_id, probe_id)

    def clear(self, clinic_id: str, probe_id: str, actor: Principal) -> ProbeTrail:
        """Remove the suppression entries that a probe has caused; return its trail or raise NotFoundError."""
        self.following.trail(clinic_id, probe_id)
        self.entries.clear(clinic_id, probe_id, actor)
        return self.following.trail(clinic_id, probe_id)

    def _send(
        self, routes: Sequence[tuple[ProbeMail, TestRoute]], probe_id: str, clinic_id: str, actor: Principal
    ) -> dict[str, ServiceError]:
        self.tests.audit.write(actor, "probe.started", clinic_id, [f"probe:{probe_id}"])
        refusals: dict[str, ServiceError] = {}
        for mail, route in routes:
            try:
                self.tests.send_by(route, clinic_id, actor, mail.test_id(probe_id))
            except (SendRefusedError, SendThrottledError, ProviderUnavailableError) as error:
                refusals[mail.mailbox] = error
        return refusals

    def _refuse_too_many(self, clinic_id: str) -> None:
        if wait := self.limit.take(clinic_id):
            raise TooManyRequestsError(
                "This clinic has started too many probes for now; nothing was sent.",
                code="too_many_probes",
                hint=f"Wait {wait} s. How far the others have come: GET .../communication/probe/{{probeId}}.",
                retry_after=wait,
            )
