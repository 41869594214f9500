"""What of a message is handed on, before and after its signature was verified."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from msgspec import Struct

from shared.sns import NOTIFICATION, SnsEnvelope
from webhook_service.topic_snapshots import TopicOwner


class UnverifiedMessage(Struct, frozen=True, eq=False):
    """A message of which nothing is to be believed yet, and by what its signature can be verified."""

    envelope: SnsEnvelope
    owner: TopicOwner
    public_key: RSAPublicKey
    signature: bytes
    signed: bytes
    algorithm: HashAlgorithm

    def __repr__(self) -> str:
        """Show which message it claims to be, and nothing of what was published."""
        return f"<unverified {self.envelope.fields.message_id}>"


class VerifiedMessage(Struct, frozen=True, eq=False):
    """A message that SNS signed, from a topic of ours, and that topic's owner. Only SnsVerifier makes one.

    Nothing of the envelope that SNS did not sign is to be had here.
    """

    _envelope: SnsEnvelope
    owner: TopicOwner

    def __repr__(self) -> str:
        """Show which message it is, and nothing of what was published."""
        return f"<verified {self.message_id}>"

    @property
    def type(self) -> str:
        """SNS's `Type`."""
        return self._envelope.fields.type

    @property
    def message_id(self) -> str:
        """SNS's `MessageId`, the same in every delivery of one message."""
        return self._envelope.fields.message_id

    @property
    def topic_arn(self) -> str:
        """The topic that it comes from."""
        return self._envelope.fields.topic_arn

    @property
    def region(self) -> str:
        """The region in the topic's ARN."""
        return self._envelope.region

    @property
    def at(self) -> datetime:
        """The time at which it was published."""
        return self._envelope.at

    @property
    def message(self) -> str:
        """The text that was published: for SES, a JSON document."""
        return self._envelope.fields.message

    @property
    def subscribe_url(self) -> str | None:
        """Where a subscription is confirmed."""
        return None if self.type == NOTIFICATION else self._envelope.fields.subscribe_url

    @property
    def token(self) -> str | None:
        """What confirms a subscription."""
        return None if self.type == NOTIFICATION else self._envelope.fields.token
