"""What tries the feedback loop from outside: the probe, and the comparison with SES's own list."""

from dataclasses import dataclass

from pyrate_limiter import Rate

from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.services.credential_sealing import CredentialSealing
from config_service.services.drift.account_lists import AccountListFinder
from config_service.services.drift.comparison import Comparison
from config_service.services.drift.drift import Drift
from config_service.services.probe.entries import ProbeEntries
from config_service.services.probe.following import Following
from config_service.services.probe.probe import Probe
from config_service.services.probe.trail import Patience
from config_service.services.rate_limits import HOUR, RateLimit
from config_service.services.test_emails import TestEmails
from config_service.storage.rate_states import RateStates


@dataclass(frozen=True, slots=True)
class LoopChecks:
    """What the API and the commands call."""

    probe: Probe
    drift: Drift


def loop_checks(
    tests: TestEmails, sealing: CredentialSealing, accounts: SetupAccounts, probes_per_hour: int
) -> LoopChecks:
    """Return both, over the use cases that they try."""
    repositories, suppressions = tests.repositories, tests.suppressions
    limit = RateLimit("probes", Rate(probes_per_hour, HOUR), RateStates(repositories.database), tests.clock)
    following = Following(repositories, tests.vault, Patience(tests.clock))
    finder = AccountListFinder(repositories.clinics, tests.rows, sealing, accounts)
    return LoopChecks(
        Probe(tests, following, ProbeEntries(repositories, suppressions), limit),
        Drift(finder, suppressions, Comparison(suppressions)),
    )
