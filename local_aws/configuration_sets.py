"""Configuration sets: one store for v1 and v2, as at AWS, and event destinations through both.

ministack keeps two stores, and event destinations only in v2's; so each set is made in both.
"""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from local_aws.aws_clients import AwsClients, Caller
from local_aws.calls import Answer, Call, MinistackGateway, xml_answer, xml_error
from local_aws.ses_events import EVENT_SUBJECT, SesEvents

SETS_PATH = "/v2/email/configuration-sets"
_VALIDATED = "Successfully validated SNS topic for Amazon SES event publishing."
_DESTINATIONS = re.compile(rf"{SETS_PATH}/[^/]+/event-destinations(/[^/]+)?")
_SET = re.compile(rf"{SETS_PATH}/([^/]+)")
_V2_TYPES = {"renderingFailure": "RENDERING_FAILURE"}  # the other names differ only in their case
_V1_CODES = {
    "NotFoundException": "ConfigurationSetDoesNotExist",
    "AlreadyExistsException": "EventDestinationAlreadyExists",
}


class ConfigurationSets:
    def __init__(self, ministack: MinistackGateway, clients: AwsClients, events: SesEvents) -> None:
        self._ministack = ministack
        self._clients = clients
        self._events = events
        self.handlers: Mapping[str, Callable[[Call], Answer]] = {
            "CreateConfigurationSet": self._create_v1,
            "DeleteConfigurationSet": self._delete_v1,
            "CreateConfigurationSetEventDestination": self._put_destination_v1,
            "UpdateConfigurationSetEventDestination": self._put_destination_v1,
            "DeleteConfigurationSetEventDestination": self._delete_destination_v1,
        }

    def v2(self, call: Call) -> Answer:
        """Forward a v2 call, and do in v1's store what it did in v2's."""
        answer = self._ministack.forward(call)
        if not answer.ok:
            return answer
        if call.method == "POST" and call.path == SETS_PATH:
            name = call.json.get("ConfigurationSetName", "")
            self._quietly("ses", call.caller, "create_configuration_set", ConfigurationSet={"Name": name})
        elif call.method == "DELETE" and (found := _SET.fullmatch(call.path)):
            self._quietly("ses", call.caller, "delete_configuration_set", ConfigurationSetName=found[1])
        elif call.method in ("POST", "PUT") and _DESTINATIONS.fullmatch(call.path):
            self._greet(call.json.get("EventDestination") or {})
        return answer

    def _create_v1(self, call: Call) -> Answer:
        answer = self._ministack.forward(call)
        if answer.ok:
            name = call.params.get("ConfigurationSet.Name", "")
            self._quietly("sesv2", call.caller, "create_configuration_set", ConfigurationSetName=name)
        return answer

    def _delete_v1(self, call: Call) -> Answer:
        answer = self._ministack.forward(call)
        if answer.ok:
            name = call.params.get("ConfigurationSetName", "")
            self._quietly("sesv2", call.caller, "delete_configuration_set", ConfigurationSetName=name)
        return answer

    def _put_destination_v1(self, call: Call) -> Answer:
        types = call.members("EventDestination.MatchingEventTypes")
        topic = call.params.get("EventDestination.SNSDestination.TopicARN", "")
        destination = {
            "Enabled": call.params.get("EventDestination.Enabled") == "true",
            "MatchingEventTypes": [_V2_TYPES.get(kind, kind.upper()) for kind in types],
            "SnsDestination": {"TopicArn": topic},
        }
        answer = self._through_v2(
            call,
            EventDestinationName=call.params.get("EventDestination.Name", ""),
            EventDestination=destination,
        )
        if answer.ok:
            self._greet(destination)
        return answer

    def _delete_destination_v1(self, call: Call) -> Answer:
        return self._through_v2(call, EventDestinationName=call.params.get("EventDestinationName", ""))

    def _through_v2(self, call: Call, **arguments: Any) -> Answer:
        """Make v2's call of the same name, and answer as v1."""
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", call.action).lower()
        arguments["ConfigurationSetName"] = call.params.get("ConfigurationSetName", "")
        try:
            getattr(self._clients.client("sesv2", call.caller), name)(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            return xml_error(_V1_CODES.get(code, code), error.response["Error"]["Message"])
        return xml_answer(call.action)

    def _greet(self, destination: Mapping[str, Any]) -> None:
        """Publish the plain text with which SES tries an event destination's topic."""
        if topic := (destination.get("SnsDestination") or {}).get("TopicArn"):
            self._events.send(topic, _VALIDATED, EVENT_SUBJECT)

    def _quietly(self, service: str, caller: Caller, operation: str, **arguments: Any) -> None:
        """Bring the other store to the same state; it may be there already."""
        with suppress(ClientError):
            getattr(self._clients.client(service, caller), operation)(**arguments)
