"""The doctor against the stand-in, over real HTTP and DNS: all green, made sick, named, repaired, green again."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_setup_kit import PLATFORM, REGION, Calls, World
from local_aws_live import eventually

from config_service.providers.aws_health.permissions import ACTIONS
from config_service.providers.aws_setup.configuration_sets import EVENT_TYPES
from config_service.providers.aws_setup.dns_records import records_of
from config_service.services.doctor.finding import Finding, Status
from config_service.services.setup.identities import WantedIdentity, seen

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]

SET_UP_NEWS = 5  # what SNS and SES tell the endpoint: to confirm, of three kinds of events, and of the set


def examined(world: World) -> dict[str, Finding]:
    found = world.services.doctor.of_platform().findings
    return {each.check: each for each in found}


def sick(world: World) -> dict[str, str]:
    return {each.check: each.code for each in examined(world).values() if each.status != Status.PASS}


def say(world: World, control: str, **document: Any) -> None:
    answer = world.stack.post(control, document)
    assert answer.status_code == 200, answer.text


def _delivered(world: World) -> list[dict[str, Any]]:
    mine = (each for each in world.stack.deliveries() if each["topicArn"] == world.names.topic_arn)
    return [each for each in mine if each["status"] == "delivered"]


@pytest.fixture
def healthy(world: World, calls: Calls) -> Iterator[World]:
    """Set everything up as the guide says, with its DNS records in the stand-in's zone."""
    identity = world.services.aws.identities.find(WantedIdentity())
    identity.apply()
    lines = [each.zone_line().replace("p=none", "p=reject") for each in records_of(seen(identity))]
    say(world, "dns", add=lines)
    world.set_up()
    eventually(lambda: len(_delivered(world)) == SET_UP_NEWS)  # else they meet what a test makes sick
    calls.forget()
    yield world
    say(world, "keys", accessKeyId=PLATFORM, revoked=False, denied=[])
    say(world, "accounts", accountId=PLATFORM, points=[], keyCreated="", account={
        "ProductionAccessEnabled": True, "SendingEnabled": True, "SentLast24Hours": 0.0,
        "SuppressedReasons": ["BOUNCE", "COMPLAINT"],
    })  # fmt: skip


def test_what_the_set_up_makes_is_green_and_the_printed_policy_is_all_that_it_takes_to_see_it(
    healthy: World, calls: Calls
) -> None:
    asked: set[str] = set()
    names = {"sesv2": "ses"}
    calls.judge = lambda service, operation, _: asked.add(f"{names.get(service, service)}:{operation}")
    assert not sick(healthy)
    assert not calls.changes
    assert asked - {"sts:GetCallerIdentity"} <= set(ACTIONS)  # that one needs no permission
    of_sets = {"ses:GetConfigurationSet", "ses:GetConfigurationSetEventDestinations"}
    assert set(ACTIONS) - asked <= of_sets  # the platform's mail goes by none


def _subscription(world: World) -> str:
    listed = world.aws("sns").list_subscriptions_by_topic(TopicArn=world.names.topic_arn)["Subscriptions"]
    return str(listed[0]["SubscriptionArn"])


def _queue(world: World) -> str:
    return str(world.aws("sqs").get_queue_url(QueueName=world.names.queue)["QueueUrl"])


def _raw(world: World, value: str) -> None:
    world.aws("sns").set_subscription_attributes(
        SubscriptionArn=_subscription(world), AttributeName="RawMessageDelivery", AttributeValue=value
    )


def _topic(world: World, name: str, value: str) -> None:
    world.aws("sns").set_topic_attributes(
        TopicArn=world.names.topic_arn, AttributeName=name, AttributeValue=value
    )


def _account(world: World, **account: Any) -> None:
    say(world, "accounts", accountId=PLATFORM, account=account)


def _points(world: World, *points: dict[str, Any]) -> None:
    say(world, "accounts", accountId=PLATFORM, points=list(points))


def _bad_points() -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {"Timestamp": now, "DeliveryAttempts": 1000, "Bounces": 60, "Complaints": 6, "Rejects": 0}


def _notify(world: World, **topic: str) -> None:
    for kind in ("Bounce", "Complaint", "Delivery"):
        world.aws("ses").set_identity_notification_topic(
            Identity=world.names.domain, NotificationType=kind, **topic
        )


def _dkim(world: World) -> list[str]:
    identity = seen(world.services.aws.identities.find(WantedIdentity()))
    return [each.name for each in records_of(identity) if each.purpose == "DKIM"]


Break = Callable[[World], Any]
# What is done, the check that names it, and by which remedy. Those of one group do not hide each other.
GROUPS: list[list[tuple[Break, str, str]]] = [
    [
        (lambda w: _raw(w, "true"), "subscription.raw", "raw_delivery_on"),
        (lambda w: w.aws("sqs").send_message(QueueUrl=_queue(w), MessageBody="x"), "dead_letters.depth", "dead_letters_waiting"),
        (lambda w: w.aws("sqs").set_queue_attributes(QueueUrl=_queue(w), Attributes={"MessageRetentionPeriod": "345600"}), "dead_letters.open", "dead_letter_queue_forgets"),
        (lambda w: say(w, "dns", remove=[f"{_dkim(w)[0]} CNAME"]), "identity.dkim", "dkim_missing"),
        (lambda w: say(w, "dns", remove=[f"mail.{w.names.domain} MX"]), "identity.mail_from", "mail_from_not_verified"),
        (lambda w: say(w, "dns", remove=[f"{w.names.domain} TXT"]), "dns.spf", "spf_missing"),
        (lambda w: say(w, "dns", remove=[f"_dmarc.{w.names.domain} TXT"]), "dns.dmarc", "dmarc_missing"),
        (lambda w: _account(w, ProductionAccessEnabled=False), "account.sandbox", "sandbox"),
        (lambda w: _account(w, SentLast24Hours=50_000.0), "account.quota", "quota_used_up"),
        (lambda w: w.aws("sesv2").put_account_suppression_attributes(SuppressedReasons=[]), "suppression.ses", "ses_suppression_off"),
        (lambda w: say(w, "accounts", accountId=PLATFORM, keyCreated="2020-01-01T00:00:00Z"), "credentials.key_age", "key_old"),
        (lambda w: _topic(w, "SignatureVersion", "1"), "topic.signature", "signature_version_1"),
        (lambda w: _points(w, _bad_points()), "reputation.bounces", "bounce_rate_high"),
        (lambda _: None, "reputation.complaints", "complaint_rate_high"),
    ],
    [
        (lambda w: w.aws("sns").unsubscribe(SubscriptionArn=_subscription(w)), "subscription.exists", "subscription_missing"),
        (lambda w: _topic(w, "Policy", json.dumps({"Version": "2012-10-17", "Statement": []})), "topic.policy", "topic_policy"),
        (_notify, "notifications.topics", "events_not_published"),
        (lambda w: w.aws("sesv2").put_account_sending_attributes(SendingEnabled=False), "account.sending", "sending_paused"),
        (lambda w: say(w, "identities", identity=w.names.domain, verified=False), "identity.verified", "identity_not_verified"),
        (lambda w: say(w, "keys", accessKeyId=PLATFORM, denied=["iam:ListAccessKeys", "sns:ListTopics"]), "credentials.key_age", "permission_missing"),
        (lambda _: None, "topic.offered", "topic_not_listed"),
    ],
    [(lambda w: w.aws("sns").delete_topic(TopicArn=w.names.topic_arn), "topic.exists", "topic_missing")],
    [(lambda w: say(w, "keys", accessKeyId=PLATFORM, revoked=True), "credentials.valid", "credentials_invalid")],
]  # fmt: skip


@pytest.mark.parametrize("group", GROUPS, ids=["beside_the_loop", "in_the_loop", "no_topic", "no_key"])
def test_what_is_broken_is_named_by_its_check(healthy: World, group: list[tuple[Break, str, str]]) -> None:
    for make_sick, _, _ in group:
        make_sick(healthy)
    found = sick(healthy)
    assert {check: found.get(check) for _, check, _ in group} == {check: code for _, check, code in group}
    if len(group) > 1:
        assert found.keys() == {check for _, check, _ in group}


def test_what_the_remedy_says_mends_it(healthy: World) -> None:
    _raw(healthy, "true")
    _topic(healthy, "SignatureVersion", "1")
    _notify(healthy)
    healthy.aws("sns").unsubscribe(SubscriptionArn=_subscription(healthy))
    before = examined(healthy)
    assert before["subscription.exists"].command.startswith(
        f"python -m config_service setup --region {REGION}"
    )
    healthy.set_up()
    assert not sick(healthy)


CLINICS_KEY = "AKIAIOSFODNN7EXAMPLE"  # which the stand-in takes for its default account


@pytest.fixture
def clinic(healthy: World) -> World:
    """Give a clinic an account of its own, whose mail goes by a set that publishes to the shared topic."""
    names = healthy.names
    _save(healthy)
    identity = healthy.services.aws.identities.find(WantedIdentity(clinic_id=names.clinic))
    identity.apply()
    say(
        healthy,
        "dns",
        add=[each.zone_line().replace("p=none", "p=reject") for each in records_of(seen(identity))],
    )
    healthy.set_up()  # lets SES publish for the clinic's account as well
    healthy.set_up(clinic_id=names.clinic, shared_topic=True, identities=())
    return healthy


def _save(world: World, **changes: Any) -> None:
    given = {"configurationSetName": world.names.set, **changes}
    world.give_clinic(world.names.clinic, CLINICS_KEY, **given)


def _of_clinic(world: World) -> dict[str, str]:
    findings = world.services.doctor.of_clinic(world.names.clinic).findings
    return {each.check: each.code for each in findings if each.status != Status.PASS}


def _destination(world: World, **changes: Any) -> None:
    destination = {
        "Enabled": True,
        "MatchingEventTypes": list(EVENT_TYPES),
        "SnsDestination": {"TopicArn": world.names.topic_arn},
        **changes,
    }
    ses = world.aws("sesv2", CLINICS_KEY)
    found = ses.get_configuration_set_event_destinations(ConfigurationSetName=world.names.set)
    ses.update_configuration_set_event_destination(
        ConfigurationSetName=world.names.set,
        EventDestinationName=found["EventDestinations"][0]["Name"],
        EventDestination=destination,
    )


def _notify_clinic(world: World, **topic: str) -> None:
    world.aws("ses", CLINICS_KEY).set_identity_notification_topic(
        Identity=world.names.clinic_domain, NotificationType="Bounce", **topic
    )


# One after the other: what is done, the check that names it and its remedy, and what mends it.
OF_A_CLINIC: list[tuple[Break, str, str, Break]] = [
    (lambda w: _save(w, configurationSetName="gone"), "configuration_set.exists", "configuration_set_missing", _save),
    (lambda w: _save(w, region="us-west-2"), "topic.region", "topic_in_other_region", _save),
    (lambda w: _save(w, fromEmail="a@elsewhere.example"), "identity.verified", "identity_missing", _save),
    (lambda w: _save(w, fromEmail=w.names.sender), "mapping.sender", "sender_shared", _save),
    (lambda w: _notify_clinic(w, SnsTopic=w.names.topic_arn), "events.once", "events_twice", _notify_clinic),
    (lambda w: _destination(w, Enabled=False), "configuration_set.publishes", "event_destination_disabled", _destination),
    (lambda w: _destination(w, SnsDestination={"TopicArn": w.names.topic_arn + "-2"}), "configuration_set.publishes", "events_to_unknown_topic", _destination),
    (lambda w: _destination(w, MatchingEventTypes=["BOUNCE", "COMPLAINT"]), "configuration_set.publishes", "events_partly_published", _destination),
]  # fmt: skip


def test_a_clinic_with_an_account_of_its_own_is_green_made_sick_and_mended(clinic: World) -> None:
    assert not _of_clinic(clinic)
    for make_sick, check, code, mend in OF_A_CLINIC:
        make_sick(clinic)
        assert _of_clinic(clinic)[check] == code
        mend(clinic)
    assert not _of_clinic(clinic)


def test_a_key_that_was_revoked_makes_the_rest_unknown_and_not_broken(healthy: World) -> None:
    say(healthy, "keys", accessKeyId=PLATFORM, revoked=True)
    found = examined(healthy)
    assert [each.check for each in found.values() if each.status == Status.FAIL] == ["credentials.valid"]
    assert found["account.sandbox"].status == Status.UNKNOWN
