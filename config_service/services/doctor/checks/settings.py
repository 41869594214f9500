"""The clinic's own settings: complete, switched on, readable."""

from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned


def _complete(facts: Facts) -> Outcome:
    target = facts.target
    if target.other_provider:
        return passed(f"the clinic sends by {target.other_provider}: there is nothing to look at in AWS")
    if not target.has_ses:
        return warned("no_ses_settings", "the clinic has no email provider")
    if target.unopened:
        return failed("sealing_key_missing", target.unopened)
    if target.faults:
        said = "; ".join(f"{name}: {_first(fault)}" for name, fault in sorted(target.faults.items()))
        return failed("settings_invalid", said)
    return passed("all fields are there" if target.clinic_id else "the platform's own settings")


def _enabled(facts: Facts) -> Outcome | None:
    if not facts.target.has_ses:
        return None
    if facts.target.enabled:
        return passed("SES is switched on")
    return failed("provider_disabled", "SES is switched off in the settings")


def _sender(facts: Facts) -> Outcome | None:
    if not facts.target.has_ses:
        return None
    sender = facts.target.sender
    return passed(sender) if sender else failed("sender_missing", "no sender's address is set")


def _sealed(facts: Facts) -> Outcome:
    counts, first = facts.local.sealed_by_key, facts.local.sealing_key
    older = {key: count for key, count in counts.items() if key != first}
    if older:
        said = ", ".join(f"{count} under {key}" for key, count in sorted(older.items()))
        return warned("sealed_with_old_key", f"{said}; the first key is {first}")
    return passed(f"{sum(counts.values())} secrets, all sealed with the first key, {first}")


def _first(fault: object) -> str:
    return str(fault[0] if isinstance(fault, list) and fault else fault)


CHECKS = (
    Check("settings.complete", "Settings", _complete),
    Check("settings.enabled", "SES switched on", _enabled),
    Check("settings.sender", "Sender", _sender),
    Check("keys.sealing", "Key of the stored secrets", _sealed),
)
