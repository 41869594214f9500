"""Whether an event of the sender's mail finds its clinic."""

from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, passed, warned


def _owner(facts: Facts) -> Outcome | None:
    target, local = facts.target, facts.local
    if target.clinic_id is None or target.sender is None:
        return None
    if local.sender_is_others and not target.topic_arn:
        return warned("sender_shared", f"somebody else sends from {target.sender} as well")
    if local.sender_unproven:
        return warned("sender_unproven", f"nothing has proved yet that {target.sender} is the clinic's")
    return passed(f"{target.sender} is this clinic's alone")


CHECKS = (Check("mapping.sender", "Whose events they are", _owner),)
