"""The refusals that every AWS service may answer with: credentials, permissions, pace, and its own failures.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
"""

from dataclasses import dataclass

from config_service.providers.aws_failure import Matcher, all_of, any_of, coded, saying
from config_service.providers.base import ProviderUnavailableError, SendRefusedError, SendThrottledError
from shared.errors import ServiceError

RETRY_THROTTLED = 5  # seconds: SES counts its rate per second
RETRY_UNAVAILABLE = 30  # seconds


@dataclass(frozen=True, slots=True)
class Rule:
    """If `matches`, raise `error` with these texts; both may name the facts of an AwsFailure in braces."""

    matches: Matcher
    error: type[ServiceError]
    code: str
    message: str
    hint: str
    retry_after: int | None = None


_assuming_the_role: Matcher = lambda failure: failure.operation == "AssumeRole"  # noqa: E731 - reads as the rows do
_bad_credentials = coded(
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidAccessKeyId",
    "IncompleteSignature",
    "ExpiredToken",
    "InvalidToken",
    "MissingAuthenticationToken",
    "RequestExpired",
    "AuthFailure",
)

AWS_RULES: tuple[Rule, ...] = (
    Rule(
        any_of(
            coded("TooManyRequestsException", "Throttling", "Throttled", "RequestThrottled", "SlowDown"),
            coded("RequestLimitExceeded"),
            saying("maximum sending rate exceeded"),
            lambda failure: failure.status == 429,
        ),
        SendThrottledError,
        "ses_throttled",
        "SES asks for a slower pace: the account's maximum sending rate in {region} is exceeded.",
        "Send the message again later; if it happens often, request a higher rate in the SES console.",
        RETRY_THROTTLED,
    ),
    Rule(
        any_of(
            lambda failure: failure.status >= 500,
            coded("InternalFailure", "InternalServerError", "InternalServiceError", "ServiceUnavailable"),
        ),
        ProviderUnavailableError,
        "ses_unavailable",
        "Amazon SES in {region} failed on its side ({aws_code}).",
        "Try again later; https://health.aws.amazon.com/ shows whether AWS has an incident.",
        RETRY_UNAVAILABLE,
    ),
    Rule(
        all_of(_assuming_the_role, _bad_credentials),
        SendRefusedError,
        "ses_role_not_assumable",
        "AWS does not accept the platform's own credentials, which would assume the role ({aws_code}).",
        "The platform's operator has to correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    ),
    Rule(
        _assuming_the_role,
        SendRefusedError,
        "ses_role_not_assumable",
        "The platform may not assume the role that roleArn names ({aws_code}).",
        "Check that the role exists, that its trust policy allows sts:AssumeRole to the platform's account, "
        "and that its condition on sts:ExternalId holds exactly the externalId that the configuration shows.",
    ),
    Rule(
        all_of(_bad_credentials, saying("signature expired|not yet current|request (has )?expired")),
        SendRefusedError,
        "ses_invalid_credentials",
        "AWS refused the request's signature because of its time ({aws_code}).",
        "The clock of the server that sends is wrong: its operator has to synchronise it.",
    ),
    Rule(
        _bad_credentials,
        SendRefusedError,
        "ses_invalid_credentials",
        "AWS does not accept the access key ({aws_code}).",
        "Check accessKeyId and secretAccessKey, that the key is active in IAM, and that {region} is enabled "
        "for the account.",
    ),
    Rule(
        coded("AccessDenied", "NotAuthorized", "UnauthorizedOperation"),
        SendRefusedError,
        "ses_access_denied",
        "The credentials are valid, but may not perform {action} in {region}.",
        'Allow {action} in the IAM policy of the user or role, on the resource "*" or on the identity of '
        "{sender} and, in the sandbox, of the recipients too; look for an explicit deny as well.",
    ),
    Rule(
        any_of(coded("OptInRequired", "SubscriptionRequiredException"), saying("needs a subscription")),
        SendRefusedError,
        "ses_access_denied",
        "The AWS account is not signed up for SES in {region} ({aws_code}).",
        "Finish the account's registration with AWS, and enable SES and the region {region}.",
    ),
    Rule(
        coded("BadRequestException", "ValidationException", "ValidationError", "InvalidParameterValue"),
        SendRefusedError,
        "ses_bad_request",
        "SES does not accept the message: {said}",
        "Check the sender's name and address, replyTo and configurationSetName.",
    ),
    Rule(
        lambda _: True,
        SendRefusedError,
        "ses_refused",
        "SES refused the message ({aws_code}): {said}",
        "See https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html for the error code.",
    ),
)
