"""The SES account in its region: whether it may send, to whom, and how much more today."""

from config_service.providers.regions import region_fault
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned

# The platform's integration guide, "Verify HIPAA Eligibility".
ELIGIBLE_REGIONS = ("us-east-1", "us-west-2", "us-gov-west-1")
NEARLY_USED_UP = 0.8
_REASONS = frozenset({"BOUNCE", "COMPLAINT"})


def _region(facts: Facts) -> Outcome:
    region = facts.target.region
    fault = region_fault(region) if region else "no region is set"
    if fault or region is None:
        return failed("region_unknown", fault or "no region is set")
    if region not in ELIGIBLE_REGIONS:
        return warned("region_not_eligible", f"{region} is none of {', '.join(ELIGIBLE_REGIONS)}")
    return passed(region)


def _sandbox(facts: Facts) -> Outcome:
    if facts.sending().production:
        return passed("production access")
    return failed("sandbox", "the account is in the sandbox")


def _enabled(facts: Facts) -> Outcome:
    account = facts.sending()
    if not account.sending_enabled or account.enforcement == "SHUTDOWN":
        return failed("sending_paused", f"sending is stopped; AWS calls the account {account.enforcement}")
    if account.enforcement != "HEALTHY":
        return warned("on_probation", f"AWS calls the account {account.enforcement}")
    return passed("sending is on, and AWS calls the account healthy")


def _quota(facts: Facts) -> Outcome:
    account = facts.sending()
    rate = f"{account.most_per_second:g} a second"
    if account.most_per_day < 0:
        return passed(f"unlimited, {rate}")
    left = account.most_per_day - account.sent_last_day
    seen = f"{account.sent_last_day:,.0f} of {account.most_per_day:,.0f} in 24 hours, {rate}"
    if left < 1:
        return failed("quota_used_up", f"{seen}: none left")
    if account.sent_last_day >= NEARLY_USED_UP * account.most_per_day:
        return warned("quota_used_up", f"{seen}: {left:,.0f} left")
    return passed(f"{seen}: {left:,.0f} left")


def _net(facts: Facts) -> Outcome:
    missing = _REASONS - facts.sending().suppressed_reasons
    if missing:
        return warned("ses_suppression_off", f"SES's own list is off for {' and '.join(sorted(missing))}")
    return passed("SES's own list is on for bounces and complaints")


CHECKS = (
    Check("account.region", "Region", _region),
    Check("account.sandbox", "Production access", _sandbox),
    Check("account.sending", "Sending enabled", _enabled),
    Check("account.quota", "Sending quota", _quota),
    Check("suppression.ses", "SES's account-level list", _net),
)
