"""The SNS topic: known, in SES's region, there, and open to SES for this account alone."""

from config_service.providers.aws_setup.refusals import AwsDeniedError
from config_service.providers.aws_setup.topic import SIGNATURE_VERSION
from config_service.providers.aws_setup.topic_policy import SES
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.checks.policies import allows_account
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, unknown, warned
from shared.sns import region_of


def _known(facts: Facts) -> Outcome:
    if facts.topic_arn is None:
        return failed("no_topic", "neither the settings nor the clinic name a topic")
    whose = "the clinic's own" if facts.target.topic_arn else "shared"
    return passed(f"{facts.topic_arn}, {whose}")


def _region(facts: Facts) -> Outcome | None:
    if facts.topic_arn is None or facts.target.region is None:
        return None
    region = region_of(facts.topic_arn)
    if region != facts.target.region:
        return failed(
            "topic_in_other_region", f"SES sends in {facts.target.region}, the topic is in {region}"
        )
    return passed(region)


def _exists(facts: Facts) -> Outcome | None:
    if facts.topic_arn is None:
        return None
    if facts.topic() is None:
        return failed("topic_missing", f"{facts.topic_arn} does not exist")
    return passed("it is there")


def _policy(facts: Facts) -> Outcome | None:
    topic = facts.topic() if facts.topic_arn else None
    if topic is None:
        return None
    account = facts.caller().account
    if not allows_account(topic.policy, SES, "sns:Publish", account):
        return failed("topic_policy", f"it does not let SES publish for account {account}", account=account)
    if statements := topic.open_statements():
        return warned("topic_open", f"{statements[0]} lets SES publish for anybody", statement=statements[0])
    return passed(f"it lets SES publish for account {account}")


def _signature(facts: Facts) -> Outcome | None:
    topic = facts.topic() if facts.topic_arn else None
    if topic is None:
        return None
    if topic.signature_version != SIGNATURE_VERSION:
        return warned("signature_version_1", f"signature version {topic.signature_version}")
    return passed(f"version {topic.signature_version}")


def _offered(facts: Facts) -> Outcome | None:
    arn = facts.topic_arn
    if arn is None or (region_of(arn), arn.split(":")[4]) != (facts.target.region, facts.caller().account):
        return None
    if facts.topic() is None:
        return None
    try:
        listed = facts.lists_topic()
    except AwsDeniedError as error:
        return unknown(error.message, "topic_not_listed")
    if listed:
        return passed("SES's console offers it")
    return unknown("it is not among the topics that SNS lists first", "topic_not_listed")


CHECKS = (
    Check("topic.known", "Topic", _known),
    Check("topic.region", "Topic in SES's region", _region),
    Check("topic.exists", "Topic exists", _exists),
    Check("topic.policy", "Topic's policy", _policy),
    Check("topic.signature", "Signature version", _signature),
    Check("topic.offered", "Topic offered in SES's console", _offered),
)
