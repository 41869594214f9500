"""The SNS calls that differ from ministack's own: HTTP subscriptions take the detour over the relay."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from local_aws.aws_clients import Caller
from local_aws.calls import Answer, Call, MinistackGateway
from local_aws.envelopes import SUBSCRIPTION_CONFIRMATION, UNSUBSCRIBE_CONFIRMATION, confirmation
from local_aws.pending import PendingSubscriptions
from local_aws.publisher import Publisher, message_of
from local_aws.relay import HTTP_PROTOCOLS, Relay
from local_aws.subscriptions import Subscriptions

_RAW = "RawMessageDelivery"
_RAW_OFF = f"<key>{_RAW}</key><value>false</value>"
_RAW_ON = f"<key>{_RAW}</key><value>true</value>"
_ARN_PARAMS = ("TopicArn", "SubscriptionArn")


class SnsCalls:
    def __init__(
        self, ministack: MinistackGateway, relay: Relay, subscriptions: Subscriptions, publisher: Publisher
    ) -> None:
        self._ministack = ministack
        self._relay = relay
        self._subscriptions = subscriptions
        self._publisher = publisher
        self._pending = PendingSubscriptions(subscriptions, publisher)
        self.handlers: Mapping[str, Callable[[Call], Answer]] = {
            "Subscribe": self._subscribe,
            "ConfirmSubscription": self._visit,
            "Unsubscribe": self._unsubscribe,
            "ListSubscriptions": self._list,
            "ListSubscriptionsByTopic": self._list,
            "GetSubscriptionAttributes": self._show_attributes,
            "SetSubscriptionAttributes": self._set_attributes,
        }

    def relay(self, document: Mapping[str, Any], endpoint: str) -> None:
        """Pass on, signed, what ministack delivers to an endpoint."""
        message = message_of(dict(document))
        if document["Type"] == SUBSCRIPTION_CONFIRMATION:
            asked = confirmation(SUBSCRIPTION_CONFIRMATION, message.topic_arn, document["Token"])
            self._pending.ask(replace(asked, message_id=message.message_id), endpoint)
        else:
            self._publisher.deliver(message, endpoint)

    def _subscribe(self, call: Call) -> Answer:
        endpoint = call.params.get("Endpoint", "")
        if call.params.get("Protocol") not in HTTP_PROTOCOLS:
            return self._ministack.forward(call)
        changes = {"Endpoint": self._relay.url(endpoint)}
        for name, value in call.params.items():
            if name.startswith("Attributes.entry.") and name.endswith(".key") and value == _RAW:
                place = name.removesuffix("key") + "value"
                raw = call.params.get(place) == "true"
                self._subscriptions.set_raw(call.params.get("TopicArn", ""), endpoint, raw=raw)
                changes[place] = "false"
        return self._pending.subscribed(call, self._ministack.forward(call.with_params(changes)))

    def _visit(self, call: Call) -> Answer:
        """Forward a call that a browser or `requests.get` may make.

        A SubscribeURL or UnsubscribeURL is not signed, and ministack would look in its default region.
        """
        arn = next((call.params[name] for name in _ARN_PARAMS if call.params.get(name)), "")
        if re.match(r"arn:[^:]+:sns:[^:]+:\d+:", arn):
            call = call.with_caller(Caller.owner_of(arn), "sns")
        return self._ministack.forward(call)

    def _unsubscribe(self, call: Call) -> Answer:
        """Forward, and tell the endpoint (Developer Guide, "Unsubscribing", UnsubscribeConfirmation)."""
        found = self._subscriptions.by_arn(call.params.get("SubscriptionArn", ""))
        answer = self._visit(call)
        if answer.ok and found and found.confirmed:
            self._subscriptions.set_raw(found.topic_arn, found.endpoint, raw=False)
            message = confirmation(UNSUBSCRIBE_CONFIRMATION, found.topic_arn, "0" * 32, found.arn)
            self._publisher.ask(message, replace(found, raw=False, dead_letter_arn=None))
        return answer

    def _list(self, call: Call) -> Answer:
        answer = self._pending.listed(self._ministack.forward(call))
        return replace(answer, body=self._relay.reveal(answer.text).encode())

    def _show(self, call: Call) -> Answer:
        answer = self._ministack.forward(call)
        return replace(answer, body=self._relay.reveal(answer.text).encode())

    def _show_attributes(self, call: Call) -> Answer:
        found = self._subscriptions.by_arn(call.params.get("SubscriptionArn", ""))
        answer = self._show(call)
        if found and found.raw:
            return replace(answer, body=answer.text.replace(_RAW_OFF, _RAW_ON).encode())
        return answer

    def _set_attributes(self, call: Call) -> Answer:
        found = self._subscriptions.by_arn(call.params.get("SubscriptionArn", ""))
        if found is None or call.params.get("AttributeName") != _RAW:
            return self._ministack.forward(call)
        raw = call.params.get("AttributeValue") == "true"
        self._subscriptions.set_raw(found.topic_arn, found.endpoint, raw=raw)
        return self._ministack.forward(call.with_params({"AttributeValue": "false"}))
