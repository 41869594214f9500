"""SES's settings that decide who hears of an event, where ministack lacks them or keeps them twice."""

from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from local_aws.calls import Answer, Call, xml_answer, xml_error
from local_aws.identities import KINDS, Identities
from local_aws.ses_events import SesEvents


class SesNotificationSettings:
    """Where an identity's notifications go (SES API Reference, v1 only).

    ministack never hears of the topics: it would publish by itself, and every event would come twice.
    """

    def __init__(self, identities: Identities, events: SesEvents) -> None:
        self._identities = identities
        self._events = events
        self.handlers: Mapping[str, Callable[[Call], Answer]] = {
            "SetIdentityNotificationTopic": self._set_topic,
            "SetIdentityHeadersInNotificationsEnabled": self._set_headers,
            "GetIdentityNotificationAttributes": self._describe,
        }

    def _set_topic(self, call: Call) -> Answer:
        identity, kind = _identity(call.params.get("Identity", "")), call.params.get("NotificationType", "")
        if kind not in KINDS:
            return xml_error("ValidationError", f"NotificationType must be one of {', '.join(KINDS)}")
        if not self._identities.exists(call.caller, identity):
            return xml_error("InvalidParameterValue", f"Identity <{identity}> is not verified.")
        topics = self._identities.settings(call.caller, identity).topics
        topics.pop(kind, None)
        if topic := call.params.get("SnsTopic"):
            topics[kind] = topic
            self._greet(topic, kind, identity)
        return xml_answer(call.action)

    def _greet(self, topic: str, kind: str, identity: str) -> None:
        """Publish the notice that SES sends to a topic that has just been set."""
        message = (
            f"You have successfully subscribed your Amazon SNS topic '{topic}' to receive '{kind}' "
            f"notifications from Amazon SES for identity '{identity}'."
        )
        self._events.send(topic, {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": message})

    def _set_headers(self, call: Call) -> Answer:
        kind = call.params.get("NotificationType", "")
        identity = _identity(call.params.get("Identity", ""))
        chosen = self._identities.settings(call.caller, identity).with_headers
        chosen.discard(kind)
        if call.params.get("Enabled") == "true":
            chosen.add(kind)
        return xml_answer(call.action)

    def _describe(self, call: Call) -> Answer:
        entries = "".join(
            f"<entry><key>{escape(name)}</key><value>{self._attributes(call, name)}</value></entry>"
            for name in call.members("Identities")
        )
        return xml_answer(call.action, f"<NotificationAttributes>{entries}</NotificationAttributes>")

    def _attributes(self, call: Call, name: str) -> str:
        settings = self._identities.settings(call.caller, _identity(name))
        topics = "".join(f"<{kind}Topic>{topic}</{kind}Topic>" for kind, topic in settings.topics.items())
        headers = "".join(
            f"<HeadersIn{kind}NotificationsEnabled>{str(kind in settings.with_headers).lower()}"
            f"</HeadersIn{kind}NotificationsEnabled>"
            for kind in KINDS
        )
        return f"{topics}<ForwardingEnabled>true</ForwardingEnabled>{headers}"


def _identity(name_or_arn: str) -> str:
    return name_or_arn.partition(":identity/")[2] or name_or_arn
