"""Whether our suppression list and SES's account-level list say the same, as far as a sample shows."""

from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, passed, warned


def _drift(facts: Facts) -> Outcome:
    sample = facts.drift()
    seen = f"of {sample.looked_at} that SES listed in 30 days"
    if sample.only_at_ses:
        return warned("drift", f"{seen}, ours lacks {sample.only_at_ses}")
    if sample.removed_here:
        return warned("drift", f"{seen}, {sample.removed_here} were taken off ours since")
    return passed(f"{seen}, ours has all")


CHECKS = (Check("suppression.drift", "Our list and SES's", _drift),)
