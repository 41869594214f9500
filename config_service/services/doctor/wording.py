"""Puts an outcome into words: its remedy from the catalogue, filled with what is known of the target."""

from collections import defaultdict
from collections.abc import Mapping

import structlog

from config_service.providers.aws_health.missing_action import missing_action
from config_service.providers.aws_setup.refusals import AwsDeniedError
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.finding import Finding
from config_service.services.doctor.outcome import Outcome, unknown
from config_service.services.doctor.remedies.catalogue import BY_CODE
from config_service.services.doctor.setup_commands import setup_here, setup_of_publishing, setup_of_topic
from shared.addresses import domain_of
from shared.errors import ServiceError

log = structlog.get_logger(__name__)


class Placeholders(defaultdict[str, str]):
    """Words for a remedy's braces; one that is not known stands in capitals, as in a manual."""

    def __missing__(self, name: str) -> str:
        """Return the name itself in capitals."""
        return name.upper()


def finding_of(check: Check, outcome: Outcome, facts: Facts) -> Finding:
    """Return what is shown of a check."""
    remedy = command = ""
    if outcome.code:
        words = Placeholders(None, {**_words(facts, outcome), **outcome.facts})
        remedy, command = BY_CODE[outcome.code].filled(words)
    return Finding(
        check.id, check.title, outcome.status, outcome.seen, outcome.since, outcome.code, remedy, command
    )


def looked(check: Check, facts: Facts) -> Outcome | None:
    """Return what the check saw; raises nothing: one that fails must not hide what the others see."""
    try:
        return check.look(facts)
    except Exception as error:  # noqa: BLE001 - as above
        return _unseen(error, check)


def _unseen(error: Exception, check: Check) -> Outcome:
    if isinstance(error, AwsDeniedError):
        action = missing_action(error)
        return unknown(f"the credentials lack {action}", "permission_missing", action=action)
    if isinstance(error, ServiceError):
        return unknown(error.message, "not_answered")
    log.error("a check of the doctor failed", check=check.id, exc_info=error)
    return unknown(f"the check itself failed ({type(error).__name__}); the log says more", "not_answered")


def _words(facts: Facts, outcome: Outcome) -> Mapping[str, str]:
    target, topic = facts.target, facts.topic_arn
    clinic, of = target.clinic_id, f" --clinic {target.clinic_id}" if target.clinic_id else ""
    known = {
        "clinic": clinic or "CLINIC",
        "of": of,
        "of_or_all": of or " --all",
        "region": target.region,
        "sender": target.sender,
        "domain": domain_of(target.sender) if target.sender else None,
        "topic": topic,
        "topic_name": topic.rpartition(":")[2] if topic else None,
        "set": target.configuration_set,
        "setup_topic": setup_of_topic(facts),
        "setup_publishing": setup_of_publishing(facts, outcome.facts.get("set") or target.configuration_set),
        "setup_here": setup_here(facts),
    }
    return {name: value for name, value in known.items() if value is not None}
