"""From an empty account to a confirmed loop, on real services: once, twice, interrupted, and taken away."""

import json
from typing import Any

import pytest
from aws_setup_kit import CLINIC, PLATFORM, REGION, Calls, KilledError, World, actions
from local_aws_live import Receiver, eventually

from config_service.errors import InvalidError, NotFoundError
from config_service.providers.aws_setup.resource import Action
from config_service.services.setup.applying import NotConfirmedError, Patience, apply
from config_service.services.setup.composition import Purpose

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]


def _identity(world: World, name: str | None = None, account: str = PLATFORM) -> None:
    world.aws("sesv2", account).create_email_identity(EmailIdentity=name or world.names.domain)


def _send(world: World, sender: str, recipient: str, account: str = PLATFORM, **more: Any) -> None:
    text = {"Data": "x"}
    world.aws("sesv2", account).send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": [recipient]},
        Content={"Simple": {"Subject": text, "Body": {"Text": text}}},
        **more,
    )


def test_from_nothing_to_a_bounce_that_is_recorded_and_a_second_run_changes_nothing(
    world: World, calls: Calls
) -> None:
    _identity(world)
    assert set(world.plan().values()) == {Action.CREATE, Action.UPDATE}
    assert not calls.changes  # a plan is no deed
    world.set_up()
    assert calls.changes
    _send(world, world.names.sender, "bounce@simulator.amazonses.com", ConfigurationSetName=world.names.set)
    bounced = ["bounce@simulator.amazonses.com"]
    (reason,) = eventually(lambda: world.services.reachability.check(None, bounced)[0].reasons)
    assert reason.code == "hard_bounce"
    calls.seen.clear()
    assert set(world.set_up().values()) == {Action.UNCHANGED}
    assert not calls.changes
    assert set(world.plan().values()) == {Action.UNCHANGED}


def test_the_loop_is_as_it_should_be(world: World) -> None:
    _identity(world)
    world.set_up()
    sns, sqs = world.aws("sns"), world.aws("sqs")
    assert sns.get_topic_attributes(TopicArn=world.names.topic_arn)["Attributes"]["SignatureVersion"] == "2"
    assert list(world.policy()) == ["ClinicMailSesPublishes"]  # and nobody else
    statement = world.policy()["ClinicMailSesPublishes"]
    assert statement["Principal"] == {"Service": "ses.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": [PLATFORM]}}
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=world.names.topic_arn)["Subscriptions"]
    found = sns.get_subscription_attributes(SubscriptionArn=listed["SubscriptionArn"])["Attributes"]
    assert (found["PendingConfirmation"], found["RawMessageDelivery"]) == ("false", "false")
    queue = f"arn:aws:sqs:{REGION}:{PLATFORM}:{world.names.queue}"
    assert json.loads(found["RedrivePolicy"]) == {"deadLetterTargetArn": queue}
    url = sqs.get_queue_url(QueueName=world.names.queue)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["MessageRetentionPeriod"] == "1209600"
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": world.names.topic_arn}}
    topics = world.aws("ses").get_identity_notification_attributes(Identities=[world.names.domain])
    kinds = {
        kind: topics["NotificationAttributes"][world.names.domain][f"{kind}Topic"]
        for kind in ("Bounce", "Complaint", "Delivery")
    }
    assert set(kinds.values()) == {world.names.topic_arn}


CHANGING_CALLS = 8  # of a whole run with one configuration set, up to an identity's first notification


@pytest.mark.parametrize("call", range(1, CHANGING_CALLS, 2))
def test_a_run_that_is_killed_after_any_call_is_finished_by_the_next(
    world: World, calls: Calls, call: int
) -> None:
    """Each call leaves AWS as the moment before the next call finds it: killing after each is killing anywhere."""
    _identity(world)
    calls.kill_at = call
    with pytest.raises(KilledError):
        world.set_up()
    calls.kill_at = None
    world.set_up()
    assert set(world.plan().values()) == {Action.UNCHANGED}
    calls.forget()
    calls.kill_at = call
    with pytest.raises(KilledError):
        world.remove()
    calls.kill_at = None
    assert set(world.remove().values()) <= {Action.REMOVE, Action.UNCHANGED}  # each knows it was made here


def _by_hand(world: World) -> str:
    """Make everything by hand, each a little wrong; return the topic that hears of the bounces."""
    other = world.aws("sns").create_topic(Name="others")["TopicArn"]
    world.aws("sns").create_topic(Name=world.names.topic)
    world.aws("sqs").create_queue(QueueName=world.names.queue)
    raw = {"RawMessageDelivery": "true"}
    world.aws("sns").subscribe(
        TopicArn=world.names.topic_arn, Protocol="http", Endpoint=world.endpoint, Attributes=raw
    )
    ses = world.aws("sesv2")
    ses.create_configuration_set(ConfigurationSetName=world.names.set)
    destination = {"Enabled": True, "MatchingEventTypes": ["OPEN"], "SnsDestination": {"TopicArn": other}}
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=world.names.set, EventDestinationName="mine", EventDestination=destination
    )
    _identity(world)
    world.aws("ses").set_identity_notification_topic(
        Identity=world.names.domain, NotificationType="Bounce", SnsTopic=other
    )
    return str(other)


def _photograph(world: World) -> dict[str, Any]:
    """Return everything in the account that a set-up could change."""
    sns, sqs, ses = world.aws("sns"), world.aws("sqs"), world.aws("sesv2")
    listed = sns.list_subscriptions_by_topic(TopicArn=world.names.topic_arn)["Subscriptions"]
    url = sqs.get_queue_url(QueueName=world.names.queue)["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
    notified = world.aws("ses").get_identity_notification_attributes(Identities=[world.names.domain])
    identity = f"arn:aws:ses:{REGION}:{PLATFORM}:identity/{world.names.domain}"
    return {
        "policy": world.policy(),
        "topic tags": sns.list_tags_for_resource(ResourceArn=world.names.topic_arn)["Tags"],
        "subscribed": [each["Endpoint"] for each in listed],
        "queue policy": policy.get("Policy"),
        "destinations": ses.get_configuration_set_event_destinations(ConfigurationSetName=world.names.set)[
            "EventDestinations"
        ],
        "notified": notified["NotificationAttributes"],
        "identity tags": ses.list_tags_for_resource(ResourceArn=identity)["Tags"],
    }


def test_what_was_there_before_is_adopted_kept_and_given_back(world: World) -> None:
    other = _by_hand(world)
    before = _photograph(world)
    done = world.set_up(replace=True)
    assert Action.CREATE not in done.values()
    assert set(world.policy()) == {"__default_statement_ID", "ClinicMailSesPublishes"}
    assert set(world.plan(replace=True).values()) == {Action.UNCHANGED}
    assert _photograph(world)["destinations"][0]["Name"] == "mine"
    assert world.remove()[f"subscription {world.endpoint}"] == Action.REMOVE  # our queue in it
    assert _photograph(world) == before
    assert before["notified"][world.names.domain]["BounceTopic"] == other


def test_notifications_of_another_topic_are_left_alone_unless_asked(world: World) -> None:
    other = _by_hand(world)
    world.set_up()
    notified = _photograph(world)["notified"][world.names.domain]
    assert (notified["BounceTopic"], notified["ComplaintTopic"]) == (other, world.names.topic_arn)
    (resource, step) = list(world.compose().plan())[-1]
    assert (resource.name, step.action) == (world.names.domain, Action.LEAVE)
    assert other in step.details[0]


def test_removal_spares_what_others_have_hung_on_what_was_made(world: World, receiver: Receiver) -> None:
    world.set_up(identities=())
    world.aws("sns").subscribe(TopicArn=world.names.topic_arn, Protocol="http", Endpoint=receiver.url)
    destination = {
        "Enabled": True,
        "MatchingEventTypes": ["OPEN"],
        "SnsDestination": {"TopicArn": world.names.topic_arn},
    }
    world.aws("sesv2").create_configuration_set_event_destination(
        ConfigurationSetName=world.names.set, EventDestinationName="mine", EventDestination=destination
    )
    url = world.aws("sqs").get_queue_url(QueueName=world.names.queue)["QueueUrl"]
    world.aws("sqs").send_message(QueueUrl=url, MessageBody="a dead letter")
    done = {f"{r.kind}": step for r, step in world.compose(Purpose.REMOVE, identities=()).remove()}
    assert done["SNS topic"].action == Action.LEAVE
    assert receiver.url in done["SNS topic"].details[0]
    assert done["dead-letter queue"].action == Action.LEAVE
    assert "1 dead letters" in done["dead-letter queue"].details[0]
    assert done["configuration set"].action == Action.REMOVE
    left = _photograph_of_set(world)
    assert [each["Name"] for each in left] == ["mine"]


def _photograph_of_set(world: World) -> list[dict[str, Any]]:
    answer = world.aws("sesv2").get_configuration_set_event_destinations(ConfigurationSetName=world.names.set)
    found: list[dict[str, Any]] = answer["EventDestinations"]
    return found


def test_a_clinics_topic_is_made_in_its_own_account_and_stored_for_the_webhook(world: World) -> None:
    world.give_clinic(world.names.clinic, CLINIC)
    _identity(world, world.names.clinic_domain, CLINIC)
    done = world.set_up(clinic_id=world.names.clinic)
    arn = f"arn:aws:sns:{REGION}:{CLINIC}:healthcare-ses-events-{world.names.clinic}"
    config = world.services.configs.get_clinic_config(world.names.clinic)
    assert config.email["primary"]["credentials"]["snsTopicArn"] == arn
    assert done[f"configuration set {world.names.set}-{world.names.clinic}"] == Action.CREATE
    assert set(world.plan(clinic_id=world.names.clinic).values()) == {Action.UNCHANGED}
    database = world.services.repositories.database
    with database.reading():
        rows = database.execute("SELECT actor, action, clinic_id FROM audit").fetchall()
    assert ("ann", "communication_config.saved", world.names.clinic) in [tuple(row) for row in rows]
    _send(world, f"noreply@{world.names.clinic_domain}", "bounce@simulator.amazonses.com", CLINIC)
    bounced = ["bounce@simulator.amazonses.com"]
    eventually(lambda: world.services.reachability.check(world.names.clinic, bounced)[0].reasons)
    removed = world.remove(clinic_id=world.names.clinic)
    assert set(removed.values()) == {Action.REMOVE}
    config = world.services.configs.get_clinic_config(world.names.clinic)
    assert "snsTopicArn" not in config.email["primary"]["credentials"]


def test_the_shared_topic_lets_ses_publish_for_the_clinics_accounts_in_its_region_alone(world: World) -> None:
    world.give_clinic("here", CLINIC)
    world.give_clinic("elsewhere", "700000000003", region="eu-west-1", fromEmail="a@elsewhere.example")
    world.give_clinic("role", "", roleArn="arn:aws:iam::123456789012:role/x", fromEmail="a@role.example")
    world.set_up(identities=())
    statement = world.policy()["ClinicMailSesPublishes"]
    allowed = statement["Condition"]["StringEquals"]["aws:SourceAccount"]
    assert sorted(allowed) == sorted([PLATFORM, CLINIC, "123456789012"])


def test_a_clinic_whose_account_cannot_be_found_out_keeps_its_place_in_the_policy(world: World) -> None:
    world.give_clinic("c", CLINIC)
    world.set_up(identities=())
    world.give_clinic("c", "", secretAccessKey="half a key", accessKeyId="")
    assert CLINIC not in str(world.compose(identities=()).warnings)
    world.set_up(identities=())
    assert CLINIC not in str(world.policy())  # a clinic without an account of its own has none there
    world.give_clinic("c", CLINIC)
    world.set_up(identities=())
    broken = world.services.repositories.clinics.get("c")
    assert broken is not None
    credentials = broken.settings["communicationSettings"]["email"]["primary"]["credentials"]
    with world.services.repositories.database.transaction():
        credentials["secretAccessKey"] = None
        world.services.repositories.clinics.save(broken)
    composition = world.compose(identities=())
    assert "account of clinic c is not known" in composition.warnings[0]
    assert set(actions(composition.plan()).values()) == {Action.UNCHANGED}
    assert CLINIC in str(world.policy())


def test_a_clinic_may_publish_to_the_shared_topic_from_its_own_account(world: World) -> None:
    world.give_clinic("c", CLINIC)
    _identity(world, world.names.clinic_domain, CLINIC)
    world.set_up(identities=())
    done = world.set_up(clinic_id="c", shared_topic=True)
    assert set(done) == {
        f"configuration set {world.names.set}",
        f"identity notifications {world.names.clinic_domain}",
    }
    _send(world, f"noreply@{world.names.clinic_domain}", "complaint@simulator.amazonses.com", CLINIC)
    complained = ["complaint@simulator.amazonses.com"]
    (reason,) = eventually(lambda: world.services.reachability.check("c", complained)[0].reasons)
    assert reason.code == "complaint"


def test_an_endpoint_that_does_not_confirm_stops_the_run_before_anything_is_switched_over(
    world: World, receiver: Receiver
) -> None:
    _identity(world)
    now = iter(range(0, 10_000, 7))
    patience = Patience(30, lambda _: "It answers 403.", sleep=lambda _: None, clock=lambda: next(now))
    with pytest.raises(NotConfirmedError, match=r"within 30 s\. It answers 403") as caught:
        actions(apply(world.compose(endpoint=receiver.url), patience))
    assert f"AWS_SNS_TOPIC_ARN={world.names.topic_arn}" in caught.value.hint
    assert world.plan(endpoint=receiver.url) == {
        f"SNS topic {world.names.topic}": Action.UNCHANGED,
        f"dead-letter queue {world.names.queue}": Action.UNCHANGED,
        f"subscription {receiver.url}": Action.UPDATE,
        f"configuration set {world.names.set}": Action.CREATE,
        f"identity notifications {world.names.domain}": Action.UPDATE,
    }
    assert len(receiver.wait(2, "SubscriptionConfirmation")) >= 2  # it was asked again meanwhile


def test_without_waiting_the_run_goes_on(world: World, receiver: Receiver) -> None:
    done = actions(apply(world.compose(endpoint=receiver.url, identities=()), Patience(0, lambda _: "")))
    assert done[f"configuration set {world.names.set}"] == Action.CREATE


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"endpoint": None}, InvalidError, "URL is not given"),
        ({"clinic_id": "nobody"}, NotFoundError, "no clinic 'nobody'"),
        ({"clinic_id": "smtp"}, InvalidError, "does not send by SES"),
        ({"clinic_id": "stray"}, InvalidError, "is not in its account"),
        ({"clinic_id": "abroad", "shared_topic": True}, InvalidError, "names no topic in eu-west-1"),
    ],
)
def test_what_cannot_be_composed_is_explained(
    world: World, changes: dict[str, Any], error: type[Exception], said: str
) -> None:
    smtp = {"primary": {"provider": "smtp", "credentials": {"host": "h", "fromEmail": "a@b.example"}}}
    repositories = world.services.repositories
    world.give_clinic("stray", CLINIC, snsTopicArn=f"arn:aws:sns:{REGION}:1{'0' * 11}:x")
    world.give_clinic("abroad", CLINIC, region="eu-west-1")
    world.give_clinic("smtp", "")
    record = repositories.clinics.get("smtp")
    assert record is not None
    record.settings["communicationSettings"]["email"] = smtp
    with repositories.database.transaction():
        repositories.clinics.save(record)
    with pytest.raises(error, match=said):
        world.compose(**changes)
