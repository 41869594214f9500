"""Turns what botocore raises into our errors, by what the caller should do about it."""

from botocore import exceptions as aws
from botocore.exceptions import BotoCoreError, ClientError

from config_service.providers.aws_failure import read_failure
from config_service.providers.aws_rules import RETRY_UNAVAILABLE
from config_service.providers.base import Email, ProviderUnavailableError, SendRefusedError
from config_service.providers.ses_rules import RULES
from shared.errors import ServiceError

_NO_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.MetadataRetrievalError,
)
_WRONG_REQUEST = (
    aws.ParamValidationError,
    aws.InvalidRegionError,
    aws.NoRegionError,
    aws.UnknownRegionError,
    aws.EndpointProviderError,
)


def translate(error: BotoCoreError | ClientError, email: Email, region: str) -> ServiceError:
    """Return the error of ours that `error` stands for, without secrets and the recipient's address."""
    if isinstance(error, ClientError):
        return _by_rule(error, email, region)
    if isinstance(error, _NO_CREDENTIALS):
        return no_credentials()
    if isinstance(error, _WRONG_REQUEST):
        return bad_request(type(error).__name__)
    return ProviderUnavailableError(
        f"Amazon SES in {region} cannot be reached ({type(error).__name__}).",
        code="ses_unavailable",
        hint=f"Check that {region} is the right region and that HTTPS to AWS gets out; then try again.",
        retry_after=RETRY_UNAVAILABLE,
    )


def no_credentials() -> SendRefusedError:
    """Return the error for an account that has no AWS credentials to send with."""
    return SendRefusedError(
        "There are no AWS credentials to send with.",
        code="ses_no_credentials",
        hint="Give the clinic its own access key, or have the platform's operator configure "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or an IAM role.",
    )


def bad_request(why: str) -> SendRefusedError:
    """Return the error for a request that botocore itself did not let out."""
    return SendRefusedError(
        f"The message cannot be put to SES: {why}.",
        code="ses_bad_request",
        hint="Check the region, the sender's name and address, replyTo and configurationSetName.",
    )


def _by_rule(error: ClientError, email: Email, region: str) -> ServiceError:
    failure = read_failure(error, email, region)
    rule = next(rule for rule in RULES if rule.matches(failure))
    facts = failure.facts()
    return rule.error(
        rule.message.format_map(facts),
        code=rule.code,
        hint=rule.hint.format_map(facts),
        retry_after=rule.retry_after,
    )
