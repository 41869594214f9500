"""Confirms the subscriptions that SNS announces for topics of ours, by the one URL that can mean that.

https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
"""

import re
from http import HTTPStatus
from urllib.parse import parse_qsl

import structlog

from webhook_service import metrics
from webhook_service.errors import ConfirmationFailedError, UntrustedUrlError
from webhook_service.origins import SnsOrigins
from webhook_service.time_budget import CONFIRMATION_CONNECT, CONFIRMATION_DEADLINE, CONFIRMATION_READ
from webhook_service.timed_visits import NoAnswerError, Patience, visited
from webhook_service.verified_message import VerifiedMessage

log = structlog.get_logger(__name__)

# Only what a query needs: no fragment, no blank, nothing that two parsers could read in two ways.
_PATH = re.compile(r"/\?(?P<query>[A-Za-z0-9&=%:._~+-]+)")


class SubscriptionConfirmer:
    """Visits the SubscribeURLs of verified messages; safe to share between threads."""

    def __init__(self, origins: SnsOrigins) -> None:
        """Take the origins to trust."""
        self._origins = origins

    def confirm(self, message: VerifiedMessage) -> None:
        """Confirm the subscription that `message` announces; doing so again does no harm.

        Raise UntrustedUrlError for any URL but SNS's for this very topic and token, and
        ConfirmationFailedError where SNS does not take it.
        """
        url = message.subscribe_url or ""
        if not self._is_for(message, url):
            metrics.CONFIRMATIONS.labels("refused").inc()
            log.warning("SubscribeURL refused", messageId=message.message_id, topicArn=message.topic_arn)
            raise UntrustedUrlError("SubscribeURL does not confirm this topic at Amazon SNS in its region.")
        why_not = _visit(url)
        if why_not:
            metrics.CONFIRMATIONS.labels("failed").inc()
            log.error("subscription not confirmed", topicArn=message.topic_arn, reason=why_not)
            raise ConfirmationFailedError(f"The subscription could not be confirmed: {why_not}.")
        metrics.CONFIRMATIONS.labels("confirmed").inc()

    def _is_for(self, message: VerifiedMessage, url: str) -> bool:
        path = _PATH.fullmatch(self._origins.path_in(url, message.region) or "")
        wanted = {"Action": "ConfirmSubscription", "TopicArn": message.topic_arn, "Token": message.token}
        query = path["query"] if path else ""
        return query.count("&") == len(wanted) - 1 and dict(parse_qsl(query)) == wanted


def _visit(url: str) -> str | None:
    """Return None where SNS answered 200, else why it counts as failed; the answer is not read."""
    patience = Patience(CONFIRMATION_CONNECT, CONFIRMATION_READ, CONFIRMATION_DEADLINE)
    try:
        with visited(url, patience) as response:
            confirmed = response.status_code == HTTPStatus.OK
            return None if confirmed else f"SNS answered {response.status_code}"
    except NoAnswerError as why:
        return str(why)
