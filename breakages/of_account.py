"""What goes wrong with the AWS account and its keys."""

from datetime import UTC, datetime, timedelta
from typing import Any

from breakages.breakage import Breakage, Make, Repair, doing
from breakages.loop import ACCOUNT, Loop

_GOOD = {
    "ProductionAccessEnabled": True,
    "EnforcementStatus": "HEALTHY",
    "SentLast24Hours": 100.0,
}
_LONG_AGO = timedelta(days=200)


def _saying(**changes: Any) -> Make:
    return lambda loop: loop.say("accounts", accountId=ACCOUNT, account=changes)


def _healed(text: str) -> Repair:
    return doing(text, _saying(**_GOOD))


def _points(attempts: int, bounces: int, complaints: int) -> Make:
    point = {
        "Timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "DeliveryAttempts": attempts,
        "Bounces": bounces,
        "Complaints": complaints,
        "Rejects": 0,
    }
    return lambda loop: loop.say("accounts", accountId=ACCOUNT, points=[point])


def _key_made(at: datetime) -> Make:
    return lambda loop: loop.say("accounts", accountId=ACCOUNT, keyCreated=at.isoformat(timespec="seconds"))


def _denying(*actions: str) -> Make:
    return lambda loop: loop.say("keys", accessKeyId=loop.access_key, denied=actions)


def _revoke(loop: Loop) -> None:
    loop.say("keys", accessKeyId=loop.access_key, revoked=True)


def _renew(loop: Loop) -> None:
    _key_made(datetime.now(UTC))(loop)
    loop.new_key()


_NEW_KEY = "a new key was made in IAM and saved: PUT .../communication/ses"
_ALLOWED = doing("the action was allowed", _denying())

BREAKAGES = (
    Breakage(
        "The clinic's access key is revoked",
        _revoke,
        "credentials.valid",
        "credentials_invalid",
        alone=True,
        repair=doing(_NEW_KEY, lambda loop: loop.new_key()),
    ),
    Breakage(
        "The access key is 200 days old",
        _key_made(datetime.now(UTC) - _LONG_AGO),
        "credentials.key_age",
        "key_old",
        status="warn",
        repair=doing(_NEW_KEY, _renew),
    ),
    Breakage(
        "The account is in the sandbox",
        _saying(ProductionAccessEnabled=False),
        "account.sandbox",
        "sandbox",
        repair=_healed("AWS granted production access"),
    ),
    Breakage(
        "Sending is paused",
        lambda loop: loop.aws("sesv2").put_account_sending_attributes(SendingEnabled=False),
        "account.sending",
        "sending_paused",
    ),
    Breakage(
        "AWS has the account under review",
        _saying(EnforcementStatus="PROBATION"),
        "account.sending",
        "on_probation",
        status="warn",
        repair=_healed("AWS's case was answered"),
    ),
    Breakage(
        "The sending quota is used up",
        _saying(SentLast24Hours=50_000.0),
        "account.quota",
        "quota_used_up",
        repair=_healed("a day went by"),
    ),
    Breakage(
        "SES's own list is switched off",
        lambda loop: loop.aws("sesv2").put_account_suppression_attributes(SuppressedReasons=[]),
        "suppression.ses",
        "ses_suppression_off",
        status="warn",
    ),
    Breakage(
        "One mail in eight bounces",
        _points(4_000, 500, 0),
        "reputation.bounces",
        "bounce_rate_high",
        repair=doing("the old list was not mailed again", _points(40_000, 200, 0)),
    ),
    Breakage(
        "Two recipients in a thousand complain",
        _points(40_000, 200, 80),
        "reputation.complaints",
        "complaint_rate_high",
        status="warn",
        repair=doing("the newsletter got an unsubscribe link", _points(40_000, 200, 8)),
    ),
    Breakage(
        "The key may not ask for the account's state",
        _denying("ses:GetAccount"),
        "account.sandbox",
        "permission_missing",
        status="unknown",
        repair=_ALLOWED,
    ),
    Breakage(
        "The key may not list topics, so that SES's console offers none",
        _denying("sns:ListTopics"),
        "topic.offered",
        "topic_not_listed",
        status="unknown",
        repair=_ALLOWED,
    ),
)
