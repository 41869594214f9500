"""Whether what was sent was heard of, and whether what was heard of found its clinic."""

from config_service.clock import to_datetime
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.checks.publishing import by_notifications, by_set
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned
from config_service.services.doctor.test_advice import advice_for
from config_service.services.test_emails import ACCEPTED, REFUSED
from config_service.storage.activity import MOST_COUNTED

_MINUTE = 60_000  # ms
QUARTER = 15 * _MINUTE  # the length of one of SES's points
PATIENCE = (
    60 * _MINUTE
)  # a delivery is reported within seconds, a mailbox that is slow to answer takes longer
TEST_PATIENCE = 10 * _MINUTE


def _silence(facts: Facts) -> Outcome:
    heard = facts.local.heard_at
    sent = [point.at for point in facts.statistics() if point.attempts]
    said = f"last event {_time(heard)}, last send {_time(sent[-1] if sent else None)}"
    quiet = [at for at in sent if heard is None or at > heard]
    if not quiet or quiet[0] + QUARTER + PATIENCE > facts.local.now:
        return passed(said)
    if "DELIVERY" not in by_set(facts) | by_notifications(facts):
        return passed(f"{said}; deliveries are not published, so that silence is no sign")
    return failed("silence", f"{said}: nothing was heard of what was sent since", since=quiet[0])


def _test(facts: Facts) -> Outcome | None:
    test = facts.local.last_test
    if test is None:
        return None
    when = _time(test.created_at)
    if test.state == REFUSED:
        code = test.code or ""
        return failed("test_email_refused", f"{when}: {code}", since=test.created_at, advice=advice_for(code))
    if facts.local.test_heard or test.state != ACCEPTED:
        return passed(f"{when}: {test.state}, and its events came")
    if test.created_at + TEST_PATIENCE > facts.local.now:
        return passed(f"{when}: accepted; nothing is heard of it yet")
    seen = f"{when}: accepted by SES, and nothing was heard of it"
    return failed("test_email_unheard", seen, since=test.created_at, test=test.id)


def _held(facts: Facts) -> Outcome:
    count = facts.local.held
    if count:
        many = f"{count} or more" if count >= MOST_COUNTED else str(count)
        return warned("events_held", f"{many} wait for their clinic", since=facts.local.held_since)
    return passed("none waits")


def _time(at: int | None) -> str:
    return "never" if at is None else f"{to_datetime(at):%Y-%m-%d %H:%M}"


CHECKS = (
    Check("activity.silence", "Last event against last send", _silence),
    Check("activity.test_email", "Last test email", _test),
    Check("activity.held", "Held events", _held),
)
