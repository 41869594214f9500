"""The IAM policy that a run prints is all that it needs, and no more than that."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from aws_setup_kit import CLINIC, PLATFORM, REGION, Calls, World

from config_service import create_services
from config_service.providers.aws_setup.iam_policy import iam_policy
from config_service.providers.aws_setup.resource import Mode
from config_service.services.setup.composition import Purpose
from config_service.services.setup.identities import WantedIdentity
from config_service.settings import read_settings

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(120)]

# Where a call's parameters name its resource, and the resource's ARN.
_NAMED = {
    ("sns", "TopicArn"): "{}",
    ("sns", "ResourceArn"): "{}",
    ("sesv2", "ResourceArn"): "{}",
    ("sqs", "QueueName"): "arn:aws:sqs:{region}:{account}:{}",
    ("sesv2", "ConfigurationSetName"): "arn:aws:ses:{region}:{account}:configuration-set/{}",
    ("sesv2", "EmailIdentity"): "arn:aws:ses:{region}:{account}:identity/{}",
}
# Calls that need a second action where they carry tags.
_TAGS = {"CreateTopic": "sns:TagResource", "CreateQueue": "sqs:TagQueue"}


def _needs(service: str, operation: str, params: dict[str, Any], account: str) -> Iterator[tuple[str, str]]:
    """Yield each IAM action of a call and the ARN that it is on, `*` where AWS takes no narrower one."""
    if service == "sts":
        return  # needs none: AWS answers GetCallerIdentity even to a user who may do nothing
    prefix = "ses" if service == "sesv2" else service
    place = {"region": REGION, "account": account}
    arn = next(
        (
            shape.format(params[name], **place)
            for (of, name), shape in _NAMED.items()
            if of == service and name in params
        ),
        "*",
    )
    if operation == "CreateTopic":
        arn = f"arn:aws:sns:{REGION}:{account}:{params['Name']}"
    if "QueueUrl" in params:
        arn = f"arn:aws:sqs:{REGION}:{account}:{params['QueueUrl'].rpartition('/')[2]}"
    yield f"{prefix}:{operation}", arn
    if params.get("Tags") or params.get("tags"):
        yield _TAGS.get(operation, f"{prefix}:TagResource"), arn


class Guard:
    """Stands where IAM stands: lets through what a policy allows, and remembers which of it was used."""

    def __init__(self, policy: dict[str, Any], account: str) -> None:
        self.allowed = {
            (action, arn)
            for each in policy["Statement"]
            for action in each["Action"]
            for arn in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
        }
        self.used: set[str] = set()
        self._account = account

    def __call__(self, service: str, operation: str, params: dict[str, Any]) -> None:
        for action, arn in _needs(service, operation, params, self._account):
            if not {(action, arn), (action, "*")} & self.allowed:
                raise PermissionError(f"{action} on {arn}")
            self.used.add(action)

    @property
    def actions(self) -> set[str]:
        return {action for action, _ in self.allowed}


class Guarded:
    """Runs modes of the set-up, each under its own policy; collects what was allowed and what was used."""

    def __init__(self, world: World, calls: Calls) -> None:
        self._world = world
        self._calls = calls
        self.allowed: set[tuple[Mode, str]] = set()
        self.used: set[tuple[Mode, str]] = set()

    def run(self, mode: Mode, account: str = PLATFORM, **changes: Any) -> None:
        policy = self._world.compose(Purpose.POLICY, **changes).iam_policy(mode)
        guard = self._calls.judge = Guard(policy, account)
        if mode == Mode.SHOW:
            self._world.plan(**changes)
        elif mode == Mode.SET_UP:
            self._world.set_up(**changes)
        else:
            self._world.remove(**changes)
        self._calls.judge = None
        self.allowed |= {(mode, action) for action in guard.actions}
        self.used |= {(mode, action) for action in guard.used}


@pytest.fixture
def guarded(world: World, calls: Calls) -> Guarded:
    return Guarded(world, calls)


def _by_hand(world: World) -> None:
    """Make what the set-up then adopts and has to correct."""
    names, sns, ses = world.names, world.aws("sns"), world.aws("sesv2")
    sns.create_topic(Name=names.topic)
    world.aws("sqs").create_queue(QueueName=names.queue)
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=names.topic_arn, Protocol="http", Endpoint=world.endpoint, Attributes=raw)
    ses.create_configuration_set(ConfigurationSetName=names.set)
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=names.set,
        EventDestinationName=f"clinic-mail-{names.topic}",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "SnsDestination": {"TopicArn": names.topic_arn},
        },
    )


def test_every_mode_works_with_its_printed_policy_and_no_action_in_it_is_idle(
    world: World, guarded: Guarded
) -> None:
    world.aws("sesv2").create_email_identity(EmailIdentity=world.names.domain)
    for mode in (Mode.SHOW, Mode.SET_UP, Mode.SHOW, Mode.REMOVE):
        guarded.run(mode)
    _by_hand(world)
    for mode in (Mode.SET_UP, Mode.SHOW, Mode.REMOVE):
        guarded.run(mode)
    sns = world.aws("sns")
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=world.names.topic_arn)["Subscriptions"]
    sns.unsubscribe(SubscriptionArn=listed["SubscriptionArn"])
    guarded.run(Mode.SET_UP)  # subscribes on a topic that was adopted ...
    guarded.run(Mode.REMOVE)  # ... and takes its mark off that
    assert guarded.used == guarded.allowed


def test_a_clinics_modes_work_in_its_account_with_the_policy_printed_for_it(
    world: World, guarded: Guarded
) -> None:
    names = world.names
    world.give_clinic(names.clinic)
    world.aws("sesv2", CLINIC).create_email_identity(EmailIdentity=names.clinic_domain)
    for mode in (Mode.SHOW, Mode.SET_UP, Mode.REMOVE):
        guarded.run(mode, CLINIC, clinic_id=names.clinic)
    world.set_up(identities=())
    for mode in (Mode.SHOW, Mode.SET_UP, Mode.REMOVE):
        guarded.run(mode, CLINIC, clinic_id=names.clinic, shared_topic=True)


def test_identities_need_no_more_than_the_policy_printed_for_them(world: World, calls: Calls) -> None:
    wanted = WantedIdentity()
    identities = world.services.aws.identities
    printed = identities.find(wanted, unseen=True)
    deeds = {
        Mode.SET_UP: lambda identity: (identity.plan(), identity.apply()),
        Mode.SHOW: lambda identity: identity.observe(),
        Mode.REMOVE: lambda identity: (identity.plan_removal(), identity.remove()),
    }
    for mode, deed in deeds.items():
        guard = calls.judge = Guard(iam_policy(printed.permissions(mode)), PLATFORM)
        deed(identities.find(wanted))
        assert guard.used == guard.actions, mode


def test_the_guard_of_these_tests_guards(world: World, calls: Calls) -> None:
    policy = world.compose(Purpose.POLICY).iam_policy(Mode.SHOW)
    calls.judge = Guard(policy, PLATFORM)
    with pytest.raises(PermissionError, match="sns:CreateTopic"):
        world.set_up()


def test_a_policy_is_printed_before_there_are_credentials(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    services = create_services(read_settings(dict(os.environ)))
    policy = services.aws.setup.compose(world.request(region="eu-west-1"), Purpose.POLICY).iam_policy(
        Mode.SHOW
    )
    assert "arn:aws:sns:eu-west-1:ACCOUNT_ID:healthcare-ses-events" in str(policy)
    services.repositories.database.close()
