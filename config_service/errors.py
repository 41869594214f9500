"""What config_service refuses, and the one table of statuses that callers see."""

from typing import Any

from marshmallow import ValidationError

from config_service.encryption import SealedValueError
from config_service.providers.aws_setup.refusals import AwsRefusedError
from config_service.providers.base import ProviderUnavailableError, SendRefusedError, SendThrottledError
from config_service.storage.database import StorageRefusedError, StorageUnavailableError
from shared.errors import ServiceError


class UnauthenticatedError(ServiceError):
    """Nobody knows who is asking."""

    code = "unauthenticated"
    hint = "Send the header Authorization: Bearer <token> with a token that has not expired."
    subject: str | None = None  # whose token it is, where its signature proves that


class ForbiddenError(ServiceError):
    """It is known who asks, and they may not."""

    code = "forbidden"


class NotFoundError(ServiceError):
    """What was asked for does not exist."""

    code = "not_found"
    hint = "Check the id: what it names may be gone, or belong to somebody else."


class InvalidError(ServiceError):
    """The request is well formed and cannot be done as it stands."""

    code = "invalid_request"
    hint = "Correct the fields named under errors and send the request again."


class ConflictError(ServiceError):
    """The request would take what is somebody else's, or mail whom nobody may mail."""

    code = "conflict"


class PreconditionFailedError(ServiceError):
    """Somebody changed the thing since the caller read it."""

    code = "changed_meanwhile"
    hint = "Read the configuration again, apply your change to it, and send it with the new ETag."


class TooManyRequestsError(ServiceError):
    """A limit is used up; `retry_after` says when there is room again."""

    code = "too_many_requests"


class KeysUnavailableError(ServiceError):
    """The keys that verify tokens cannot be fetched."""

    code = "token_keys_unavailable"
    hint = "Try again in a few seconds; if it lasts, check JWT_JWKS_URL."


def field_errors(error: ValidationError) -> dict[str, Any]:
    """Return marshmallow's messages by field."""
    found: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return found


STATUSES: dict[type[ServiceError], int] = {
    UnauthenticatedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    PreconditionFailedError: 412,
    InvalidError: 422,
    TooManyRequestsError: 429,
    StorageRefusedError: 422,
    SendRefusedError: 422,
    AwsRefusedError: 422,
    SendThrottledError: 503,
    ProviderUnavailableError: 503,
    StorageUnavailableError: 503,
    SealedValueError: 503,
    KeysUnavailableError: 503,
    ServiceError: 500,
}
