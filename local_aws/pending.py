"""HTTP subscriptions that nobody has confirmed yet, as SNS speaks of them.

SNS lists them without their ARN, and a repeated Subscribe has it ask the endpoint again (SNS API Reference,
"Subscribe" and "ListSubscriptionsByTopic"). ministack lists the ARN, and asks once.
"""

import re
from dataclasses import replace

from local_aws.calls import Answer, Call
from local_aws.envelopes import SUBSCRIPTION_CONFIRMATION, Message, confirmation
from local_aws.publisher import Publisher
from local_aws.subscriptions import Subscription, Subscriptions

_ARN = re.compile(r"<SubscriptionArn>(?P<arn>[^<]*)</SubscriptionArn>")
_LISTED = "PendingConfirmation"
_ANSWERED = "pending confirmation"


class PendingSubscriptions:
    def __init__(self, subscriptions: Subscriptions, publisher: Publisher) -> None:
        self._subscriptions = subscriptions
        self._publisher = publisher
        self._tokens: dict[tuple[str, str], str] = {}

    def ask(self, message: Message, endpoint: str) -> None:
        """Deliver ministack's confirmation, and keep its token for the next time."""
        self._tokens[message.topic_arn, endpoint] = message.token
        self._publisher.ask(message, Subscription("", message.topic_arn, endpoint))

    def subscribed(self, call: Call, answer: Answer) -> Answer:
        """Return the answer to a Subscribe; one that was pending already is asked again."""
        topic_arn, endpoint = call.params.get("TopicArn", ""), call.params.get("Endpoint", "")
        found = _ARN.search(answer.text)
        known = self._subscriptions.by_arn(found["arn"]) if found else None
        if known and not known.confirmed:
            token = self._tokens.get((topic_arn, endpoint), "")
            self.ask(confirmation(SUBSCRIPTION_CONFIRMATION, topic_arn, token), endpoint)
            answer = _with_arn(answer, _ANSWERED)
        if call.params.get("ReturnSubscriptionArn") == "true" and _ANSWERED in answer.text:
            return _with_arn(answer, self._subscriptions.arn_of(topic_arn, endpoint) or _ANSWERED)
        return answer

    def listed(self, answer: Answer) -> Answer:
        """Return a list of subscriptions without the ARNs of those that are pending."""

        def shown(found: re.Match[str]) -> str:
            known = self._subscriptions.by_arn(found["arn"])
            return _tag(_LISTED) if known and not known.confirmed else found[0]

        return replace(answer, body=_ARN.sub(shown, answer.text).encode())


def _with_arn(answer: Answer, arn: str) -> Answer:
    return replace(answer, body=_ARN.sub(_tag(arn), answer.text).encode())


def _tag(arn: str) -> str:
    return f"<SubscriptionArn>{arn}</SubscriptionArn>"
