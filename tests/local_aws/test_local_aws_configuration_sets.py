"""Configuration sets are the same for v1 and v2, and so are their event destinations."""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_aws_live import Receiver, Stack

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def name() -> str:
    return f"set-{uuid.uuid4().hex[:8]}"


def v1_destination(topic: str) -> dict[str, Any]:
    return {
        "Name": "sns",
        "Enabled": True,
        "MatchingEventTypes": ["bounce", "renderingFailure"],
        "SNSDestination": {"TopicARN": topic},
    }


def test_a_set_made_through_v2_exists_and_goes_through_v1(stack: Stack, name: str) -> None:
    v1, v2 = stack.client("ses"), stack.client("sesv2")
    v2.create_configuration_set(ConfigurationSetName=name)
    v2.get_configuration_set(ConfigurationSetName=name)
    assert v1.describe_configuration_set(ConfigurationSetName=name)["ConfigurationSet"]["Name"] == name
    v2.delete_configuration_set(ConfigurationSetName=name)
    with pytest.raises(ClientError, match="ConfigurationSetDoesNotExist"):
        v1.describe_configuration_set(ConfigurationSetName=name)


def test_a_set_made_through_v1_exists_and_goes_through_v2(stack: Stack, name: str) -> None:
    v1, v2 = stack.client("ses"), stack.client("sesv2")
    v1.create_configuration_set(ConfigurationSet={"Name": name})
    assert v2.get_configuration_set(ConfigurationSetName=name)["ConfigurationSetName"] == name
    v1.delete_configuration_set(ConfigurationSetName=name)
    with pytest.raises(ClientError, match="NotFoundException"):
        v2.get_configuration_set(ConfigurationSetName=name)


def test_making_or_deleting_a_set_twice_is_refused(stack: Stack, name: str) -> None:
    v1, v2 = stack.client("ses"), stack.client("sesv2")
    v2.create_configuration_set(ConfigurationSetName=name)
    with pytest.raises(ClientError, match="AlreadyExists"):
        v2.create_configuration_set(ConfigurationSetName=name)
    with pytest.raises(ClientError, match="AlreadyExists"):
        v1.create_configuration_set(ConfigurationSet={"Name": name})
    with pytest.raises(ClientError, match="DoesNotExist"):
        v1.delete_configuration_set(ConfigurationSetName="never-made")


def test_event_destinations_can_be_kept_through_v1(
    stack: Stack, topic: str, heard: Receiver, name: str
) -> None:
    v1, v2 = stack.client("ses"), stack.client("sesv2")
    v1.create_configuration_set(ConfigurationSet={"Name": name})
    put = {"ConfigurationSetName": name, "EventDestination": v1_destination(topic)}
    v1.create_configuration_set_event_destination(**put)
    kept = v2.get_configuration_set_event_destinations(ConfigurationSetName=name)["EventDestinations"][0]
    assert (kept["Name"], kept["Enabled"]) == ("sns", True)
    assert kept["MatchingEventTypes"] == ["BOUNCE", "RENDERING_FAILURE"]
    assert kept["SnsDestination"] == {"TopicArn": topic}
    v1.update_configuration_set_event_destination(**put)
    heard.wait(2)
    with pytest.raises(ClientError, match="EventDestinationAlreadyExists"):
        v1.create_configuration_set_event_destination(**put)
    gone = {"ConfigurationSetName": name, "EventDestinationName": "sns"}
    v1.delete_configuration_set_event_destination(**gone)
    assert (
        v2.get_configuration_set_event_destinations(ConfigurationSetName=name).get("EventDestinations", [])
        == []
    )


def test_an_event_destination_elsewhere_than_sns_is_ministacks_matter(stack: Stack, name: str) -> None:
    v2 = stack.client("sesv2")
    v2.create_configuration_set(ConfigurationSetName=name)
    v2.create_configuration_set_event_destination(
        ConfigurationSetName=name,
        EventDestinationName="bus",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "EventBridgeDestination": {
                "EventBusArn": "arn:aws:events:us-east-1:123456789012:event-bus/default"
            },
        },
    )


def test_a_destination_whose_topic_is_gone_can_still_be_made(stack: Stack, name: str) -> None:
    v2 = stack.client("sesv2")
    v2.create_configuration_set(ConfigurationSetName=name)
    v2.create_configuration_set_event_destination(
        ConfigurationSetName=name,
        EventDestinationName="sns",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["BOUNCE"],
            "SnsDestination": {"TopicArn": "arn:aws:sns:us-east-1:123456789012:gone"},
        },
    )
