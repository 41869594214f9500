"""What every email provider offers, and how a failed send is told apart by what its caller should do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Email:
    """One plain-text message to one recipient. `tags` travel with it where the provider can carry them."""

    recipient: str
    subject: str
    text: str
    from_address: str
    from_name: str | None = None
    reply_to: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    configuration_set: str | None = None


class EmailProvider(Protocol):
    """A connected account that can send."""

    @property
    def tracks(self) -> bool:
        """Whether the provider reports back what became of a message."""
        ...

    def send(self, email: Email) -> str:
        """Hand `email` over and return the provider's message id.

        Raise SendRefusedError, SendThrottledError or ProviderUnavailableError.
        """
        ...


class EmailProviders(Protocol):
    """Gives out connected accounts."""

    def for_clinic(
        self, clinic_id: str, external_id: str, provider: str, credentials: Mapping[str, Any]
    ) -> EmailProvider:
        """Return the clinic's own account; `credentials` are opened, in the API's spelling.

        SES credentials without keys and without a role use the platform's account in their region.
        """
        ...

    def platform(self) -> EmailProvider | None:
        """Return the platform's own SES account, or None where it has no credentials."""
        ...

    def forget(self, clinic_id: str) -> None:
        """Drop what is cached for the clinic, since its credentials changed."""
        ...


class SendRefusedError(ServiceError):
    """The provider refused the message, and will until somebody changes something (422)."""

    code = "send_refused"


class SendThrottledError(ServiceError):
    """The provider asks for a slower pace: the same message may go out later (503 with Retry-After)."""

    code = "throttled"


class ProviderUnavailableError(ServiceError):
    """The provider could not be reached, or failed on its side: it is unknown whether it sends (503)."""

    code = "provider_unavailable"
