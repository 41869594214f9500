"""Every refusal of this service, and the status that each is answered with.

SNS tries again after 5xx and 429, and drops the message after any other 4xx: so 4xx only where another
try could never do better.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from collections.abc import Mapping

from shared.errors import ServiceError
from shared.internal_client import InternalCallError, InternalRefusedError
from shared.sns import MalformedMessageError

RETRY_AFTER = 20  # seconds; SNS itself waits that long by default


class RawDeliveryError(ServiceError):
    """The subscription delivers raw messages, which carry no signature."""

    code = "raw_delivery"
    hint = "Set the subscription's attribute RawMessageDelivery to false."


class HeaderMismatchError(ServiceError):
    """SNS's headers and the body tell of different messages."""

    code = "header_mismatch"
    hint = "A proxy in front of this service must pass SNS's headers and body on unchanged."

    def __init__(self, header: str, name: str) -> None:
        """Take the header, and the name of what differs from it in the body."""
        super().__init__(f"The header {header} differs from the body's {name}.")


class BadSignatureError(ServiceError):
    """The signature is not SNS's of this message."""

    code = "bad_signature"
    hint = "Only messages that Amazon SNS signed are accepted, unchanged."


class UntrustedUrlError(ServiceError):
    """A URL in the message does not lead to Amazon SNS in the topic's region."""

    code = "untrusted_url"
    hint = "Only Amazon SNS's own URLs are followed, and in development those of SNS_DEV_ORIGIN."


class UnknownTopicError(ServiceError):
    """No setting and no clinic names the topic."""

    code = "unknown_topic"
    hint = "Name the topic in AWS_SNS_TOPIC_ARN, or as snsTopicArn in the clinic's SES settings."


class BadCertificateError(ServiceError):
    """The certificate was fetched, and is not one that SNS signs this message with."""

    code = "bad_certificate"
    hint = "Only certificates that carry Amazon SNS's name and were valid when it signed are accepted."


class TryLaterError(ServiceError):
    """Nothing can be decided now: SNS is asked to come again."""

    code = "try_later"

    def __init__(self, message: str) -> None:
        """Take the text for people; the time to wait is the same for all."""
        super().__init__(message, retry_after=RETRY_AFTER)


class CertificateUnavailableError(TryLaterError):
    """The certificate could not be fetched."""

    code = "certificate_unavailable"
    hint = "Check that this service can reach sns.<region>.amazonaws.com over HTTPS."


class CertificatesBusyError(TryLaterError):
    """As many certificates are being fetched as may be at once."""

    code = "certificates_busy"
    hint = "SNS comes again; if this goes on, somebody posts forged messages: see where they come from."


class TopicsBusyError(TryLaterError):
    """Whose the topic is could not be learnt in time."""

    code = "topics_busy"
    hint = "SNS comes again; if this goes on, messages of topics that are not ours are posted in numbers."


class ConfirmationFailedError(TryLaterError):
    """The subscription could not be confirmed."""

    code = "confirmation_failed"
    hint = "SNS asks again by itself; if its tries are over, request the confirmation again in its console."


class EventsRefusedError(TryLaterError):
    """config_service did not take every event of a message."""

    code = "events_refused"
    hint = "See config_service's log; the message comes again, and then goes to its dead-letter queue."


class HeldEventsFullError(TryLaterError):
    """Events of a message could not be held, since config_service holds too many of their topic."""

    code = "held_events_full"
    hint = (
        "Assign or dismiss held events of config_service, or raise its HELD_EVENTS_PER_TOPIC; the message "
        "comes again, and then goes to its dead-letter queue."
    )


STATUSES: Mapping[type[ServiceError], int] = {
    MalformedMessageError: 400,
    RawDeliveryError: 400,
    HeaderMismatchError: 400,
    BadSignatureError: 403,
    UntrustedUrlError: 403,
    UnknownTopicError: 403,
    BadCertificateError: 403,
    TryLaterError: 503,
    InternalCallError: 503,
    InternalRefusedError: 503,
    ServiceError: 500,
}
