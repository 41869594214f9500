"""How the account's mail was received in the last two weeks, against the rates at which AWS acts.

https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-bounce-rate.html
https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-complaint-rate.html
"""

from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned

BOUNCES_REVIEWED, BOUNCES_PAUSED = 0.05, 0.10
COMPLAINTS_REVIEWED, COMPLAINTS_PAUSED = 0.001, 0.005
# From here on one event more or less moves the rate by no more than a tenth of what AWS reviews.
ENOUGH_FOR_BOUNCES = 200
ENOUGH_FOR_COMPLAINTS = 10_000
SOME_COMPLAINTS = 5  # that many are no chance, however few were sent


def _bounces(facts: Facts) -> Outcome:
    points = facts.statistics()
    sent, bad = sum(each.attempts for each in points), sum(each.bounces for each in points)
    if sent < ENOUGH_FOR_BOUNCES:
        return passed(f"{bad} of {sent:,} sends in two weeks: fewer than {ENOUGH_FOR_BOUNCES} say nothing")
    rate = bad / sent
    seen = f"{rate:.1%} of {sent:,} sends in two weeks; AWS reviews from 5 % on, and pauses from 10 %"
    if rate >= BOUNCES_PAUSED:
        return failed("bounce_rate_high", seen)
    return warned("bounce_rate_high", seen) if rate >= BOUNCES_REVIEWED else passed(seen)


def _complaints(facts: Facts) -> Outcome:
    points = facts.statistics()
    sent, bad = sum(each.attempts for each in points), sum(each.complaints for each in points)
    if not sent or (sent < ENOUGH_FOR_COMPLAINTS and bad < SOME_COMPLAINTS):
        few = f"fewer than {ENOUGH_FOR_COMPLAINTS:,} sends with fewer than {SOME_COMPLAINTS} say nothing"
        return passed(f"{bad} of {sent:,} sends in two weeks: {few}")
    rate = bad / sent
    seen = f"{rate:.2%} of {sent:,} sends in two weeks; AWS reviews from 0.1 % on, and pauses from 0.5 %"
    if rate >= COMPLAINTS_PAUSED:
        return failed("complaint_rate_high", seen)
    return warned("complaint_rate_high", seen) if rate >= COMPLAINTS_REVIEWED else passed(seen)


CHECKS = (
    Check("reputation.bounces", "Bounce rate", _bounces),
    Check("reputation.complaints", "Complaint rate", _complaints),
)
