"""Whose the AWS credentials are, and how old the access key is."""

from config_service.clock import DAY, to_datetime
from config_service.providers.aws_setup.refusals import AwsDeniedError, AwsRefusedError
from config_service.providers.base import SendRefusedError
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned

OLD_DAYS = 90
_MISSING = ("aws_no_credentials", "ses_no_credentials")


def _valid(facts: Facts) -> Outcome:
    try:
        caller = facts.caller()
    except AwsDeniedError:
        raise
    except (AwsRefusedError, SendRefusedError) as error:
        code = "credentials_missing" if error.code in _MISSING else "credentials_invalid"
        return failed(code, error.message)
    whose = "the clinic's own" if facts.target.own_account else "the platform's"
    return passed(f"{whose}: account {caller.account}, {caller.arn.rpartition(':')[2]}")


def _key(facts: Facts) -> Outcome | None:
    if not facts.caller().is_user:
        return passed("a role's: AWS renews it by itself")
    keys = facts.access_keys()
    found = next((key for key in keys if key.id == facts.target.access_key_id), None)
    if found is None and len(keys) == 1:
        found = keys[0]
    if found is None:
        return None
    days = (facts.local.now - found.created_at) // DAY
    seen = f"made on {to_datetime(found.created_at):%Y-%m-%d}, {days} days ago"
    if days > OLD_DAYS:
        return warned("key_old", seen, since=found.created_at + OLD_DAYS * DAY)
    return passed(seen)


CHECKS = (
    Check("credentials.valid", "AWS credentials", _valid),
    Check("credentials.key_age", "Age of the access key", _key),
)
