"""What AWS answers to the set-up's calls when it does not obey, as errors that say what to do."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from config_service.providers.base import ProviderUnavailableError
from shared.errors import ServiceError

RETRY_AFTER = 20  # seconds

P = ParamSpec("P")
T = TypeVar("T")

_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"}
_BAD_KEY = {
    *("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "ExpiredToken"),
    *("InvalidSignatureException", "InvalidAccessKeyId", "IncompleteSignature", "AuthFailure"),
}
_HINTS = {
    "AWS.SimpleQueueService.QueueDeletedRecently": "SQS frees a deleted queue's name after 60 seconds.",
    "QueueDeletedRecently": "SQS frees a deleted queue's name after 60 seconds.",
    "InvalidParameterValue": "SES publishes to topics of its own region only, whose policy lets it.",
}


class AwsRefusedError(ServiceError):
    """AWS refused a call, and will until somebody changes something (422)."""

    code = "aws_refused"


class AwsDeniedError(AwsRefusedError):
    """The credentials are valid, and may not do this (422)."""

    code = "aws_access_denied"


def code_of(error: ClientError) -> str:
    """Return AWS's error code, which botocore leaves out where the answer had none."""
    return str(error.response.get("Error", {}).get("Code") or "")


def plainly(call: Callable[P, T]) -> Callable[P, T]:
    """Have `call` raise our errors where botocore raises its own."""

    @wraps(call)
    def translated(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except (BotoCoreError, ClientError) as error:
            raise translate(error) from error

    return translated


def translate(error: BotoCoreError | ClientError) -> ServiceError:
    """Return the error of ours that `error` stands for; AWS's own words are kept, they hold no secret."""
    if isinstance(error, NoCredentialsError):
        return no_credentials()
    if not isinstance(error, ClientError):
        return ProviderUnavailableError(
            f"AWS cannot be reached ({type(error).__name__}).",
            code="aws_unavailable",
            hint="Check the region, and that HTTPS to AWS gets out; then run the same command again.",
            retry_after=RETRY_AFTER,
        )
    code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = f"{error.operation_name}: {error.response.get('Error', {}).get('Message') or code}"
    if code in _DENIED:
        hint = "Allow the action; the same command with --print-policy prints all that it needs."
        return AwsDeniedError(f"AWS does not allow it. {said}", hint=hint)
    if code in _BAD_KEY:
        hint = "Check the access key and the clock of this machine."
        return AwsRefusedError(f"AWS does not accept the credentials. {said}", hint=hint)
    if status >= 500 or code.startswith(("Throttl", "TooManyRequests")):
        hint = "Run the same command again: it goes on where it stopped."
        return ProviderUnavailableError(
            f"AWS did not get to it. {said}", code="aws_unavailable", hint=hint, retry_after=RETRY_AFTER
        )
    return AwsRefusedError(f"AWS refused. {said}", hint=_HINTS.get(code, "Correct it and run again."))


def no_credentials() -> AwsRefusedError:
    """Return the error for an account that there are no credentials for."""
    return AwsRefusedError(
        "There are no AWS credentials.",
        code="aws_no_credentials",
        hint="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where an IAM role gives them.",
    )
