"""Publishes what SES would publish about a mail, once for each topic that was asked for it."""

import json
import logging
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from local_aws.aws_clients import AwsClients, Caller
from local_aws.identities import KINDS, Identities
from local_aws.ses_mail import SentMail
from local_aws.ses_payloads import event_record, notification
from local_aws.simulator import Event, simulate
from local_aws.suppressed_destinations import SuppressedDestinations

EVENT_SUBJECT = "Amazon SES Email Event Notification"
_log = logging.getLogger(__name__)


class SesEvents:
    """`default_topic` hears of identities that nobody gave a topic, so that a first try needs no set-up.

    Its senders need no verification either: see `Identities.verify_sender`.
    """

    def __init__(
        self,
        clients: AwsClients,
        identities: Identities,
        default_topic: str = "",
        suppressed: SuppressedDestinations | None = None,
    ) -> None:
        self._clients = clients
        self._suppressed = suppressed
        self._identities = identities
        self._default_topics = dict.fromkeys(KINDS, default_topic) if default_topic else {}

    def publish(self, mail: SentMail) -> None:
        """Publish every event of a mail to its identity's topics and its configuration set's destinations."""
        account = self._clients.account_of(mail.caller)
        identity = self._identities.of_sender(mail.caller, mail.address) or mail.address
        settings = self._identities.settings(mail.caller, identity)
        topics = settings.topics or ({} if mail.configuration_set else self._default_topics)
        destinations = list(self._destinations(mail))
        suppressed = self._suppressed.among(mail.caller, mail.destination) if self._suppressed else ()
        for event in (("Send", {}), *simulate(mail.destination, suppressed)):
            kind = event[0]
            if topic := topics.get(kind):
                headers = kind in settings.with_headers
                self.send(topic, notification(mail, event, identity, account, headers=headers))
            for topic in _topics_for(event, destinations):
                self.send(topic, event_record(mail, event, identity, account), EVENT_SUBJECT)

    def send(self, topic_arn: str, payload: dict[str, Any] | str, subject: str | None = None) -> None:
        """Publish one notice; a topic that is gone loses it, as with SES."""
        text = payload if isinstance(payload, str) else json.dumps(payload)
        about = {"Subject": subject} if subject else {}
        try:
            sns = self._clients.client("sns", Caller.owner_of(topic_arn))
            sns.publish(TopicArn=topic_arn, Message=text, **about)
        except (ClientError, ValueError) as error:
            _log.warning("SES cannot publish to %s: %s", topic_arn, error)

    def _destinations(self, mail: SentMail) -> Iterator[dict[str, Any]]:
        if not mail.configuration_set:
            return
        try:
            answer = self._clients.client("sesv2", mail.caller).get_configuration_set_event_destinations(
                ConfigurationSetName=mail.configuration_set
            )
        except ClientError as error:
            _log.warning("no events of %s: %s", mail.configuration_set, error)
            return
        yield from answer.get("EventDestinations", [])


def _topics_for(event: Event, destinations: list[dict[str, Any]]) -> Iterator[str]:
    for destination in destinations:
        wanted = event[0].upper() in destination.get("MatchingEventTypes", [])
        topic = (destination.get("SnsDestination") or {}).get("TopicArn")
        if topic and wanted and destination.get("Enabled", True):
            yield topic
