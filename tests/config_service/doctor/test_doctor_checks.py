"""Each row makes one thing sick in a clinic that is healthy otherwise: what the doctor says of it."""

from dataclasses import replace
from typing import Any

import pytest
from doctor_kit import (
    ACCOUNT,
    DESTINATION,
    DOMAIN,
    IDENTITY,
    KEY,
    NOW,
    SENDER,
    STATEMENT,
    TARGET,
    TEST_EMAIL,
    TOPIC,
    WEBHOOK,
    WELL,
    examined,
    points,
    policy,
    sickness,
)
from msgspec import structs

from config_service.clock import DAY
from config_service.providers.aws_health.records import AccessKey, Caller
from config_service.providers.aws_setup.configuration_sets import ConfigurationSetState
from config_service.providers.aws_setup.identity_notifications import NotificationsState
from config_service.providers.aws_setup.refusals import AwsRefusedError, no_credentials
from config_service.providers.aws_setup.topic_policy import TopicState, publishing_statement
from config_service.providers.dns.policies import Dmarc, Spf
from config_service.providers.webhook_endpoint import Answer
from config_service.services.drift.drift import DriftSample

FAIL, WARN = "fail", "warn"
NOTIFIED = NotificationsState(dict.fromkeys(("Bounce", "Complaint", "Delivery"), TOPIC))
ELSEWHERE = f"arn:aws:sns:us-east-1:{ACCOUNT}:others"
OTHER_KEY = "AKIAANOTHERKEY7EXAMP"


def sending(**changes: Any) -> dict[str, Any]:
    return {"sending": replace(WELL["sending"], **changes)}


def target(**changes: Any) -> dict[str, Any]:
    return {"target": replace(TARGET, **changes)}


def local(**changes: Any) -> dict[str, Any]:
    return {"local": replace(WELL["local"], **changes)}


def identity(**changes: Any) -> dict[str, Any]:
    return {"identity": replace(IDENTITY, **changes)}


def subscription(**changes: Any) -> dict[str, Any]:
    return {"subscription": replace(WELL["subscription"], **changes)}


def queue(**changes: Any) -> dict[str, Any]:
    return {"queue": replace(WELL["queue"], **changes)}


def published(*types: str, **changes: Any) -> dict[str, Any]:
    kinds = {"types": frozenset(types)} if types else {}
    return {"configuration_set": ConfigurationSetState((replace(DESTINATION, **kinds, **changes),))}


ALIASES = {f"{token}._domainkey.{DOMAIN}": f"{token}.dkim.amazonses.com" for token in "abc"}
SETTINGS = [
    (target(faults={"region": ["Missing."]}), "settings.complete", FAIL, "settings_invalid"),
    (target(unopened="key k0 is missing"), "settings.complete", FAIL, "sealing_key_missing"),
    (target(enabled=False), "settings.enabled", FAIL, "provider_disabled"),
    (local(sealed_by_key={"k0": 1, "k1": 1}), "keys.sealing", WARN, "sealed_with_old_key"),
    (local(sender_is_others=True), "mapping.sender", WARN, "sender_shared"),
    (local(sender_unproven=True), "mapping.sender", WARN, "sender_unproven"),
]
ACCOUNTS = [
    (sending(production=False), "account.sandbox", FAIL, "sandbox"),
    (sending(sending_enabled=False), "account.sending", FAIL, "sending_paused"),
    (sending(enforcement="SHUTDOWN"), "account.sending", FAIL, "sending_paused"),
    (sending(enforcement="PROBATION"), "account.sending", WARN, "on_probation"),
    (sending(sent_last_day=50_000.0), "account.quota", FAIL, "quota_used_up"),
    (sending(sent_last_day=40_000.0), "account.quota", WARN, "quota_used_up"),
    (sending(suppressed_reasons=frozenset({"BOUNCE"})), "suppression.ses", WARN, "ses_suppression_off"),
    (target(region="us-east-9"), "account.region", FAIL, "region_unknown"),
    (target(region="eu-central-1"), "account.region", WARN, "region_not_eligible"),
    ({"keys": (AccessKey(KEY, NOW - 91 * DAY, active=True),)}, "credentials.key_age", WARN, "key_old"),
    ({"keys": (AccessKey(OTHER_KEY, NOW - 91 * DAY, active=True),)}, "credentials.key_age", WARN, "key_old"),
    ({"points": points(1000, bounces=50)}, "reputation.bounces", WARN, "bounce_rate_high"),
    ({"points": points(1000, bounces=100)}, "reputation.bounces", FAIL, "bounce_rate_high"),
    ({"points": points(10_000, complaints=10)}, "reputation.complaints", WARN, "complaint_rate_high"),
    ({"points": points(1000, complaints=5)}, "reputation.complaints", FAIL, "complaint_rate_high"),
    ({"drift": DriftSample(3, 1, 0)}, "suppression.drift", WARN, "drift"),
    ({"drift": DriftSample(3, 0, 1)}, "suppression.drift", WARN, "drift"),
]
IDENTITIES = [
    (identity(verified=False), "identity.verified", FAIL, "identity_not_verified"),
    ({"aliases": {}}, "identity.dkim", FAIL, "dkim_missing"),
    (
        {"aliases": {**ALIASES, f"a._domainkey.{DOMAIN}": "elsewhere.example"}},
        "identity.dkim",
        FAIL,
        "dkim_missing",
    ),
    (identity(dkim_status="PENDING"), "identity.dkim", FAIL, "dkim_missing"),
    ({"exchangers": ()}, "identity.mail_from", FAIL, "mail_from_not_verified"),
    ({"exchangers": ("mx.example",)}, "identity.mail_from", FAIL, "mail_from_not_verified"),
    ({"mail_from_spf": None}, "identity.mail_from", FAIL, "mail_from_not_verified"),
    (identity(mail_from_status="PENDING"), "identity.mail_from", WARN, "mail_from_not_verified"),
    ({"spf": None}, "dns.spf", WARN, "spf_missing"),
    ({"spf": Spf("v=spf1 include:other.example -all", 1)}, "dns.spf", WARN, "spf_missing"),
    ({"spf": Spf("v=spf1 include:amazonses.com", 11)}, "dns.spf", FAIL, "spf_too_many_lookups"),
    ({"spf": Spf("v=spf1 include:amazonses.com", None, "two of them")}, "dns.spf", FAIL, "spf_invalid"),
    ({"dmarc": None}, "dns.dmarc", WARN, "dmarc_missing"),
    ({"dmarc": Dmarc("v=DMARC1", error="no p")}, "dns.dmarc", FAIL, "dmarc_invalid"),
    ({"dmarc": Dmarc("v=DMARC1; p=none", DOMAIN)}, "dns.dmarc", WARN, "dmarc_only_watches"),
]
LOOP = [
    (
        {"configuration_set": None, "notifications": NOTIFIED},
        "configuration_set.exists",
        FAIL,
        "configuration_set_missing",
    ),
    (published("BOUNCE", "COMPLAINT"), "configuration_set.publishes", WARN, "events_partly_published"),
    (published("DELIVERY"), "configuration_set.publishes", FAIL, "events_not_published"),
    (published(enabled=False), "configuration_set.publishes", FAIL, "event_destination_disabled"),
    (published(topic_arn=ELSEWHERE), "configuration_set.publishes", FAIL, "events_to_unknown_topic"),
    ({"notifications": NOTIFIED}, "events.once", WARN, "events_twice"),
    (
        {**published(topic_arn=ELSEWHERE), "notifications": NotificationsState({"Bounce": ELSEWHERE})},
        "notifications.topics",
        FAIL,
        "events_to_unknown_topic",
    ),
    (
        {**target(configuration_set=None), "notifications": NotificationsState({})},
        "notifications.topics",
        FAIL,
        "events_not_published",
    ),
    (
        {
            **target(configuration_set=None),
            "notifications": NotificationsState({"Bounce": TOPIC, "Complaint": TOPIC}),
        },
        "notifications.topics",
        WARN,
        "events_partly_published",
    ),
    (local(shared_topics=()), "topic.known", FAIL, "no_topic"),
    (target(region="us-west-2"), "topic.region", FAIL, "topic_in_other_region"),
    ({"topic": None}, "topic.exists", FAIL, "topic_missing"),
    ({"topic": TopicState("2", policy())}, "topic.policy", FAIL, "topic_policy"),
    (
        {"topic": TopicState("2", policy(publishing_statement(TOPIC, ["9" * 12])))},
        "topic.policy",
        FAIL,
        "topic_policy",
    ),
    (
        {"topic": TopicState("2", policy({**STATEMENT, "Sid": "x", "Condition": {}}))},
        "topic.policy",
        WARN,
        "topic_open",
    ),
    ({"topic": TopicState("1", policy(STATEMENT))}, "topic.signature", WARN, "signature_version_1"),
    ({"endpoints": (), "subscription": None}, "subscription.exists", FAIL, "subscription_missing"),
    ({"endpoints": ("https://hooks.example/old",)}, "subscription.exists", FAIL, "subscription_elsewhere"),
    (subscription(confirmed=False), "subscription.confirmed", FAIL, "subscription_pending"),
    (subscription(endpoint="http://hooks.example/"), "subscription.https", FAIL, "subscription_not_https"),
    (subscription(raw=True), "subscription.raw", FAIL, "raw_delivery_on"),
    (subscription(retry_policy=None), "subscription.retries", WARN, "retries_short"),
    (subscription(retry_policy={"numRetries": 3}), "subscription.retries", WARN, "retries_short"),
    ({"answer": Answer(False, True, "404")}, "webhook.reachable", FAIL, "webhook_wrong_answer"),
    ({"answer": Answer(False, False, "no")}, "webhook.reachable", WARN, "webhook_unreachable"),
    (subscription(dead_letter_arn=None), "dead_letters.attached", WARN, "no_dead_letter_queue"),
    ({"queue": None}, "dead_letters.attached", FAIL, "dead_letter_queue_missing"),
    (queue(policy=policy()), "dead_letters.open", FAIL, "dead_letter_queue_closed"),
    (queue(retention_seconds=345_600), "dead_letters.open", WARN, "dead_letter_queue_forgets"),
    (queue(depth=2), "dead_letters.depth", WARN, "dead_letters_waiting"),
    ({"points": points(5, minutes_ago=120)}, "activity.silence", FAIL, "silence"),
    (local(last_test=TEST_EMAIL), "activity.test_email", FAIL, "test_email_unheard"),
    (
        local(last_test=structs.replace(TEST_EMAIL, state="refused", code="ses_account_in_sandbox")),
        "activity.test_email",
        FAIL,
        "test_email_refused",
    ),
    (local(held=2, held_since=NOW - DAY), "activity.held", WARN, "events_held"),
]


def test_a_healthy_clinic_passes_every_check() -> None:
    assert not sickness()


@pytest.mark.parametrize(("sick", "check", "status", "code"), SETTINGS + ACCOUNTS + IDENTITIES + LOOP)
def test_what_is_sick_is_named_by_its_check(sick: dict[str, Any], check: str, status: str, code: str) -> None:
    assert sickness(**sick)[check] == (status, code)


ALONE = [row for row in SETTINGS + ACCOUNTS + LOOP if row[3] not in {
    # These bring others about: events that nobody publishes, say.
    "region_unknown", "region_not_eligible", "topic_in_other_region", "configuration_set_missing", "events_not_published",
    "event_destination_disabled", "events_to_unknown_topic", "events_partly_published", "no_topic",
}]  # fmt: skip


@pytest.mark.parametrize(("sick", "check", "status", "code"), ALONE)
def test_nothing_else_is_called_sick(sick: dict[str, Any], check: str, status: str, code: str) -> None:
    assert sickness(**sick) == {check: (status, code)}


HEALTHY = [
    pytest.param({"aliases": ALIASES}, id="dkim_records_that_are_all_there"),
    pytest.param(sending(most_per_day=-1.0), id="an_unlimited_quota"),
    pytest.param({"caller": Caller(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/x/y"), "keys": ()}, id="a_role_has_no_age"),
    pytest.param({"points": points(199, bounces=100)}, id="few_sends_say_nothing_of_bounces"),
    pytest.param({"points": points(9_999, complaints=4)}, id="few_sends_say_nothing_of_complaints"),
    pytest.param({"points": points(5, minutes_ago=30)}, id="what_was_sent_just_now_may_be_heard_of_later"),
    pytest.param({"points": points(5), **local(heard_at=NOW - 60_000)}, id="an_event_after_the_last_send"),
    pytest.param({**target(configuration_set=None), "notifications": NOTIFIED}, id="notifications_alone"),
    pytest.param(local(last_test=structs.replace(TEST_EMAIL, created_at=NOW - 1000)), id="a_test_email_of_a_second_ago"),
    pytest.param(local(last_test=TEST_EMAIL, test_heard=True), id="a_test_email_that_was_heard_of"),
    pytest.param(
        {**local(allow_http=True), **subscription(endpoint="http://127.0.0.1:8002/api/v1/webhooks/ses")},
        id="plain_http_in_development",
    ),
    pytest.param(identity(mail_from=None, mail_from_status=None), id="the_mail_from_domain_of_ses"),
    pytest.param(subscription(retry_policy={"numRetries": 90}), id="a_longer_policy_of_ones_own"),
    pytest.param(
        {"notifications": NotificationsState({"Bounce": ELSEWHERE})},
        id="notifications_to_a_strange_topic_beside_a_configuration_set_that_publishes_here",
    ),
]  # fmt: skip


@pytest.mark.parametrize("changes", HEALTHY)
def test_what_is_no_sickness_passes(changes: dict[str, Any]) -> None:
    assert not sickness(**changes)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AwsRefusedError("AWS does not accept the credentials."), "credentials_invalid"),
        (no_credentials(), "credentials_missing"),
    ],
)
def test_credentials_that_do_not_work_fail_and_make_the_rest_unknown(error: Exception, code: str) -> None:
    found = sickness(caller=error, sending=error, points=error, identity=error, topic=error, endpoints=error)
    assert found.pop("credentials.valid") == ("fail", code)
    assert {status for status, _ in found.values()} == {"unknown"}


def test_no_age_is_told_where_none_of_several_keys_is_the_one_in_use() -> None:
    keys = tuple(AccessKey(f"AKIA{number}", NOW - 91 * DAY, active=True) for number in range(2))
    assert "credentials.key_age" not in examined(keys=keys)


def test_silence_is_no_sign_where_deliveries_are_not_published() -> None:
    found = examined(points=points(5, minutes_ago=120), **published("BOUNCE", "COMPLAINT"))
    silence = found["activity.silence"]
    assert (silence.status, silence.code) == ("pass", "")
    assert "deliveries are not published" in silence.seen


def test_dns_records_that_aws_has_not_found_yet_are_told_from_those_that_are_missing() -> None:
    assert "the records are in DNS now" in examined(**identity(dkim_status="PENDING"))["identity.dkim"].seen
    assert "DNS lacks 3 of 3" in examined(aliases={})["identity.dkim"].seen


def test_an_identity_that_is_missing_is_told_from_one_that_waits() -> None:
    assert sickness(identity=None)["identity.verified"] == ("fail", "identity_missing")


def test_an_address_identity_signs_nothing_and_a_strict_policy_then_refuses_the_mail() -> None:
    address = replace(IDENTITY, name=SENDER, is_domain=False, mail_from=None, mail_from_status=None)
    found = sickness(identity=address)
    assert found["identity.verified"] == ("warn", "address_identity_only")
    assert found["dns.dmarc"] == ("fail", "dmarc_not_aligned")


def test_strict_alignment_asks_for_the_very_domain() -> None:
    above = replace(IDENTITY, mail_from=None, mail_from_status=None)
    sender = {"target": replace(TARGET, sender=f"noreply@front.{DOMAIN}")}
    assert not sickness(identity=above, **sender)
    strict = Dmarc("v=DMARC1; p=reject", DOMAIN, "reject", strict_dkim=True)
    assert sickness(identity=above, dmarc=strict, **sender) == {"dns.dmarc": ("fail", "dmarc_not_aligned")}


def test_a_clinic_that_sends_otherwise_has_nothing_to_look_at_in_aws() -> None:
    other = replace(TARGET, has_ses=False, other_provider="smtp")
    assert "settings.complete" not in sickness(target=other)
    assert sickness(target=replace(TARGET, has_ses=False))["settings.complete"] == ("warn", "no_ses_settings")


def test_a_webhook_that_is_subscribed_twice_is_looked_at_by_https() -> None:
    plain = WEBHOOK.replace("https", "http")
    assert not sickness(endpoints=(plain, WEBHOOK))
