"""A healthy clinic as facts, of which a test makes one thing sick, and the findings about it."""

from typing import Any, cast

from config_service.clock import DAY
from config_service.providers.aws_health.records import AccessKey, Caller, SendingAccount, SendPoint
from config_service.providers.aws_setup.configuration_sets import (
    EVENT_TYPES,
    ConfigurationSetState,
    EventDestination,
)
from config_service.providers.aws_setup.dead_letter_queue import QueueState
from config_service.providers.aws_setup.identities import IdentityState
from config_service.providers.aws_setup.identity_notifications import NotificationsState
from config_service.providers.aws_setup.subscription import RETRY_POLICY, SubscriptionState
from config_service.providers.aws_setup.topic_policy import TopicState, publishing_statement
from config_service.providers.dns.policies import Dmarc, Spf
from config_service.providers.webhook_endpoint import Answer
from config_service.services.doctor.checks.every import EVERY_CHECK
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.finding import Finding
from config_service.services.doctor.local_facts import LocalFacts
from config_service.services.doctor.target import Target
from config_service.services.doctor.topic_facts import TopicFacts
from config_service.services.doctor.wording import finding_of, looked
from config_service.services.drift.drift import DriftSample
from config_service.storage.records import TestSendRecord

NOW = 1_767_225_600_000  # 2026-01-01
MINUTE = 60_000
ACCOUNT = "123456789012"
DOMAIN = "clinic.example"
SENDER = f"noreply@{DOMAIN}"
MAIL_FROM = f"mail.{DOMAIN}"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:events"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
WEBHOOK = "https://hooks.example/api/v1/webhooks/ses"
KEY = "AKIAIOSFODNN7EXAMPLE"
STATEMENT = publishing_statement(TOPIC, [ACCOUNT])
QUEUE_STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": QUEUE,
    "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
}


def policy(*statements: Any) -> dict[str, Any]:
    return {"Statement": list(statements)}


TARGET = Target(
    "clinic-1",
    own_account=True,
    credentials={"accessKeyId": KEY},
    region="us-east-1",
    sender=SENDER,
    configuration_set="transactional",
    sealed_values=(),
)
IDENTITY = IdentityState(
    name=DOMAIN,
    region="us-east-1",
    is_domain=True,
    verified=True,
    dkim_status="SUCCESS",
    dkim_tokens=("a", "b", "c"),
    dkim_zone="dkim.amazonses.com",
    mail_from=MAIL_FROM,
    mail_from_status="SUCCESS",
)
DESTINATION = EventDestination("ours", enabled=True, types=frozenset(EVENT_TYPES), topic_arn=TOPIC)


# What a check may ask; an exception in a value's place is raised.
WELL: dict[str, Any] = {
    "target": TARGET,
    "local": LocalFacts(NOW, shared_topics=(TOPIC,), sealing_key="k1", sealed_by_key={"k1": 2}),
    "caller": Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ses"),
    "keys": (AccessKey(KEY, NOW - 10 * DAY, active=True),),
    "sending": SendingAccount(
        production=True,
        sending_enabled=True,
        enforcement="HEALTHY",
        most_per_day=50_000,
        sent_last_day=100,
        most_per_second=14,
        suppressed_reasons=frozenset({"BOUNCE", "COMPLAINT"}),
    ),
    "points": (),
    "identity": IDENTITY,
    "notifications": NotificationsState({}),
    "configuration_set": ConfigurationSetState((DESTINATION,)),
    "topic": TopicState("2", policy(STATEMENT)),
    "listed": True,
    "endpoints": (WEBHOOK,),
    "subscription": SubscriptionState(WEBHOOK, True, f"{TOPIC}:1", False, dict(RETRY_POLICY), QUEUE),
    "queue": QueueState("https://sqs/dead", 14 * 24 * 3600, 0, policy(QUEUE_STATEMENT)),
    "answer": Answer(fits=True, reached=True, text="it answers as the webhook does"),
    "aliases": None,  # by name; None: as the identity wants them
    "exchangers": ("feedback-smtp.us-east-1.amazonses.com",),
    "spf": Spf("v=spf1 include:amazonses.com ~all", 1),
    "mail_from_spf": Spf("v=spf1 include:amazonses.com ~all", 1),
    "dmarc": Dmarc("v=DMARC1; p=reject", DOMAIN, "reject"),
    "drift": DriftSample(looked_at=3, only_at_ses=0, removed_here=0),
}
TEST_EMAIL = TestSendRecord(
    "t1", "clinic-1", "aws_ses", "clinic", SENDER, "h", None, "accepted", NOW - DAY, "ann", "m1"
)


class Sick:
    """A clinic that is well but for what a test changes; `asked` counts what its parts were asked."""

    def __init__(self, **changes: Any) -> None:
        self.values = {**WELL, **changes}
        self.asked: list[str] = []

    def facts(self) -> Facts:
        part = cast("Any", _Parts(self))
        topics = _Topics(part, None, lambda _: value_of(self.values["answer"]))  # type: ignore[arg-type]
        target, local = self.values["target"], self.values["local"]
        return Facts(target, local, part, part, topics, part, lambda *_: value_of(self.values["drift"]))


def value_of(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value


class _Observed:
    def __init__(self, value: Any) -> None:
        self._value = value

    def observe(self) -> Any:
        return value_of(self._value)


class _Parts:
    """Stands for the account, its health and the DNS."""

    def __init__(self, sick: Sick) -> None:
        self._sick = sick

    def _say(self, name: str) -> Any:
        self._sick.asked.append(name)
        return value_of(self._sick.values[name])

    def caller(self) -> Any:
        return self._say("caller")

    def access_keys(self) -> Any:
        return self._say("keys")

    def sending(self) -> Any:
        return self._say("sending")

    def statistics(self) -> Any:
        return self._say("points")

    def lists_topic(self, _: str) -> Any:
        return self._say("listed")

    def identity(self, name: str) -> Any:
        found = self._sick.values["identity"]
        return _Observed(found if isinstance(found, Exception) or (found and found.name == name) else None)

    def notifications(self, *_: str) -> Any:
        return _Observed(self._sick.values["notifications"])

    def configuration_set(self, *_: str) -> Any:
        return _Observed(self._sick.values["configuration_set"])

    def alias(self, name: str) -> Any:
        aliases = value_of(self._sick.values["aliases"])
        token = name.partition(".")[0]
        return f"{token}.dkim.amazonses.com" if aliases is None else aliases.get(name)

    def exchangers(self, _: str) -> Any:
        return list(self._say("exchangers"))

    def spf(self, name: str) -> Any:
        return self._say("mail_from_spf" if name == MAIL_FROM else "spf")

    def dmarc(self, _: str) -> Any:
        return self._say("dmarc")

    def same_organisation(self, one: str, other: str) -> bool:
        return one.split(".")[-2:] == other.split(".")[-2:]


class _Topics(TopicFacts):
    """Answers for the topic's account."""

    __slots__ = ()

    def topic(self, _: str) -> Any:
        return self.own._say("topic")  # type: ignore[attr-defined]

    def endpoints(self, _: str) -> Any:
        return list(self.own._say("endpoints"))  # type: ignore[attr-defined]

    def subscription(self, *_: str) -> Any:
        return self.own._say("subscription")  # type: ignore[attr-defined]

    def queue(self, *_: str) -> Any:
        return self.own._say("queue")  # type: ignore[attr-defined]


def examined(**changes: Any) -> dict[str, Finding]:
    """Return the findings about a clinic that is healthy but for `changes`, by the check's id."""
    facts = Sick(**changes).facts()
    outcomes = ((check, looked(check, facts)) for check in EVERY_CHECK)
    return {check.id: finding_of(check, outcome, facts) for check, outcome in outcomes if outcome}


def sickness(**changes: Any) -> dict[str, tuple[str, str]]:
    """Return (status, code) of what does not pass, by the check's id."""
    found = examined(**changes).items()
    return {check: (each.status, each.code) for check, each in found if each.status != "pass"}


def points(
    attempts: int, bounces: int = 0, complaints: int = 0, minutes_ago: int = 30
) -> tuple[SendPoint, ...]:
    return (SendPoint(NOW - minutes_ago * MINUTE, attempts, bounces, complaints),)
