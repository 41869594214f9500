"""Each refusal of SES, in AWS's own words, and what our caller is told."""

from dataclasses import replace
from typing import Any

import pytest
from botocore import exceptions as aws_errors
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from config_service.providers.aws_ses import SesEmailProvider
from config_service.providers.base import (
    Email,
    ProviderUnavailableError,
    SendRefusedError,
    SendThrottledError,
)
from config_service.providers.ses_failures import translate
from shared.errors import ServiceError

UNVERIFIED = "Email address is not verified. The following identities failed the check in region EU-WEST-1: "
DENIED = "User `arn:aws:iam::123456789012:user/mailer' is not authorized to perform `ses:SendEmail' on resource `arn:aws:ses:eu-west-1:123456789012:identity/jane.doe@patients.example'"
PAUSED = "Sending paused for this account. For more information, please check the inbox of the email address associated with your AWS account."
BAD_TOKEN = "The security token included in the request is invalid."
BAD_SIGNATURE = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."
OLD_SIGNATURE = (
    "Signature expired: 20261124T120000Z is now earlier than 20261124T121500Z (20261124T122000Z - 5 min.)"
)

R, T, U = SendRefusedError, SendThrottledError, ProviderUnavailableError

# fmt: off
REFUSALS: list[Any] = [
    # AWS's code, its status, its text; our class, our code, a part of the message, a part of the hint
    ("MessageRejected", 400, UNVERIFIED + "noreply@clinic.example", R, "ses_identity_not_verified", "noreply@clinic.example is not a verified identity of this SES account in eu-west-1", "Verified identities"),
    ("MessageRejected", 400, UNVERIFIED + "Harbour Clinic <NoReply@Clinic.example>, noreply@clinic.example", R, "ses_identity_not_verified", "noreply@clinic.example", "eu-west-1"),
    ("MessageRejected", 400, UNVERIFIED + "noreply@clinic.example, jane.doe@patients.example", R, "ses_identity_not_verified", "noreply@clinic.example", "sandbox"),
    ("MessageRejected", 400, "Email address not verified noreply@clinic.example", R, "ses_identity_not_verified", "noreply@clinic.example", "Verify"),
    ("MessageRejected", 400, "Email address is not verified.", R, "ses_identity_not_verified", "noreply@clinic.example", "Verify"),
    ("MessageRejected", 400, UNVERIFIED + "jane.doe@patients.example", R, "ses_account_in_sandbox", "sandbox in eu-west-1", "production access"),
    ("MessageRejected", 400, UNVERIFIED + "Jane <Jane.Doe@patients.example>", R, "ses_account_in_sandbox", "recipient", "production access"),
    ("UnrecognizedClientException", 403, BAD_TOKEN, R, "ses_invalid_credentials", "UnrecognizedClientException", "accessKeyId"),
    ("InvalidClientTokenId", 403, BAD_TOKEN, R, "ses_invalid_credentials", "access key", "secretAccessKey"),
    ("SignatureDoesNotMatch", 403, BAD_SIGNATURE, R, "ses_invalid_credentials", "access key", "secretAccessKey"),
    ("InvalidSignatureException", 403, BAD_SIGNATURE, R, "ses_invalid_credentials", "access key", "secretAccessKey"),
    ("InvalidSignatureException", 403, OLD_SIGNATURE, R, "ses_invalid_credentials", "time", "clock"),
    ("ExpiredToken", 403, "The security token included in the request is expired", R, "ses_invalid_credentials", "ExpiredToken", "active"),
    ("ExpiredTokenException", 403, "The security token included in the request is expired", R, "ses_invalid_credentials", "ExpiredToken", "active"),
    ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records.", R, "ses_invalid_credentials", "access key", "IAM"),
    ("IncompleteSignature", 400, "The request signature does not conform to AWS standards.", R, "ses_invalid_credentials", "access key", "IAM"),
    ("MissingAuthenticationTokenException", 403, "Missing Authentication Token", R, "ses_invalid_credentials", "access key", "IAM"),
    ("AccessDeniedException", 403, DENIED, R, "ses_access_denied", "may not perform ses:SendEmail", "Allow ses:SendEmail"),
    ("AccessDeniedException", 403, DENIED.replace("SendEmail", "SendRawEmail"), R, "ses_access_denied", "ses:SendRawEmail", "Allow ses:SendRawEmail"),
    ("AccessDenied", 403, "User: arn:aws:iam::123456789012:user/mailer is not authorized to perform: ses:SendEmail on resource: x with an explicit deny", R, "ses_access_denied", "ses:SendEmail", "explicit deny"),
    ("AccessDenied", 403, "no text that names an action", R, "ses_access_denied", "ses:SendEmail", "IAM policy"),
    ("SubscriptionRequiredException", 403, "The AWS Access Key Id needs a subscription for the service", R, "ses_access_denied", "not signed up", "registration"),
    ("ThrottlingException", 400, "Daily message quota exceeded.", R, "ses_sending_quota_exceeded", "sending quota in eu-west-1", "higher quota"),
    ("Throttling", 400, "Daily sending quota exceeded", R, "ses_sending_quota_exceeded", "quota", "24 hours"),
    ("LimitExceededException", 400, "Sending quota exceeded", R, "ses_sending_quota_exceeded", "quota", "200 a day"),
    ("ThrottlingException", 400, "Maximum sending rate exceeded.", T, "ses_throttled", "sending rate", "later"),
    ("Throttling", 400, "Rate exceeded", T, "ses_throttled", "slower pace", "later"),
    ("TooManyRequestsException", 429, "Too many requests have been made to the operation.", T, "ses_throttled", "slower pace", "later"),
    ("MessageRejected", 400, "Maximum sending rate exceeded.", T, "ses_throttled", "slower pace", "later"),
    ("Whatever", 429, "", T, "ses_throttled", "slower pace", "later"),
    ("SendingPausedException", 400, PAUSED, R, "ses_account_sending_paused", "this SES account", "AWS's notice"),
    ("MessageRejected", 400, PAUSED, R, "ses_account_sending_paused", "this SES account", "lift the pause"),
    ("AccountSuspendedException", 400, "The account's ability to send email has been permanently restricted.", R, "ses_account_sending_paused", "suspended", "AWS's notice"),
    ("SendingPausedException", 400, "Sending is paused for configuration set transactional", R, "ses_account_sending_paused", "configuration set transactional", "Enable sending"),
    ("MessageRejected", 400, "Email sending for the configuration set <transactional> is disabled.", R, "ses_account_sending_paused", "configuration set transactional", "Enable sending"),
    ("ConfigurationSetSendingPausedException", 400, "", R, "ses_account_sending_paused", "configuration set asked-for", "Enable sending"),
    ("NotFoundException", 404, "Configuration set <clinics> does not exist.", R, "ses_configuration_set_missing", "configuration set clinics does not exist in eu-west-1", "configurationSetName"),
    ("ConfigurationSetDoesNotExist", 400, "Configuration set does not exist", R, "ses_configuration_set_missing", "configuration set asked-for", "Create it"),
    ("BadRequestException", 400, "Configuration set <clinics> doesn't exist.", R, "ses_configuration_set_missing", "clinics", "one region"),
    ("NotFoundException", 404, "The resource you attempted to access doesn't exist.", R, "ses_configuration_set_missing", "asked-for", "Create it"),
    ("MailFromDomainNotVerifiedException", 400, "The message can't be sent because the sending domain isn't verified.", R, "ses_mail_from_not_verified", "noreply@clinic.example", "MX and SPF"),
    ("BadRequestException", 400, "Illegal address jane.doe@patients.example", R, "ses_bad_request", "Illegal address j***@patients.example", "replyTo"),
    ("MessageRejected", 400, "Transaction failed: Address jane.doe@patients.example contains\nillegal characters", R, "ses_refused", "(MessageRejected): Transaction failed: Address j***@patients.example contains illegal", "error code"),
    ("InternalFailure", 500, "", U, "ses_unavailable", "InternalFailure", "later"),
    ("Anything", 503, "Service Unavailable", U, "ses_unavailable", "eu-west-1", "later"),
    ("ServiceUnavailable", 400, "", U, "ses_unavailable", "eu-west-1", "later"),
]
# fmt: on


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda row: f"{row[0]}: {row[2][:40]}")
def test_what_ses_refuses_is_told_apart_by_what_to_do(ses_client: Any, email: Email, refusal: Any) -> None:
    aws_code, status, text, kind, code, message, hint = refusal
    stub = Stubber(ses_client)
    stub.add_client_error("send_email", aws_code, text, status)
    with stub, pytest.raises(ServiceError) as caught:
        SesEmailProvider(ses_client).send(replace(email, configuration_set="asked-for"))
    error = caught.value
    assert (type(error), error.code) == (kind, code)
    assert message in error.message
    assert hint in error.hint
    assert email.recipient not in (error.message + error.hint).lower()
    assert (error.retry_after is None) is (kind is R)


ASSUME_DENIED = "User: arn:aws:iam::111111111111:user/platform is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/mail"


@pytest.mark.parametrize(
    ("aws_code", "text", "hint"),
    [
        ("AccessDenied", ASSUME_DENIED, "sts:ExternalId"),
        ("InvalidClientTokenId", BAD_TOKEN, "AWS_ACCESS_KEY_ID"),
        ("RegionDisabledException", "STS is not activated in this region", "trust policy"),
    ],
)
def test_a_role_that_cannot_be_assumed_names_the_trust_policy(
    email: Email, aws_code: str, text: str, hint: str
) -> None:
    error = translate(
        ClientError({"Error": {"Code": aws_code, "Message": text}}, "AssumeRole"), email, "eu-west-1"
    )
    assert (type(error), error.code) == (SendRefusedError, "ses_role_not_assumable")
    assert hint in error.hint


def test_a_resource_that_is_missing_without_a_configuration_set_is_a_plain_refusal(email: Email) -> None:
    error = translate(
        ClientError({"Error": {"Code": "NotFoundException", "Message": "x"}}, "SendEmail"), email, "eu-west-1"
    )
    assert error.code == "ses_refused"


def test_a_deleted_default_configuration_set_is_spoken_of_as_the_identitys(email: Email) -> None:
    answer: Any = {
        "Error": {"Code": "BadRequestException", "Message": "The configuration set does not exist"}
    }
    error = translate(ClientError(answer, "SendEmail"), email, "eu-west-1")
    assert error.message == "The configuration set of the identity does not exist in eu-west-1."


def test_an_answer_without_any_detail_is_still_an_error_of_ours(email: Email) -> None:
    assert translate(ClientError({}, "SendEmail"), email, "eu-west-1").code == "ses_refused"


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (
            aws_errors.EndpointConnectionError(endpoint_url="https://email.us-est-1.amazonaws.com"),
            U,
            "ses_unavailable",
        ),
        (aws_errors.ConnectTimeoutError(endpoint_url="https://x"), U, "ses_unavailable"),
        (aws_errors.ReadTimeoutError(endpoint_url="https://x"), U, "ses_unavailable"),
        (aws_errors.ConnectionClosedError(endpoint_url="https://x"), U, "ses_unavailable"),
        (aws_errors.NoCredentialsError(), R, "ses_no_credentials"),
        (aws_errors.PartialCredentialsError(provider="env", cred_var="x"), R, "ses_no_credentials"),
        (aws_errors.CredentialRetrievalError(provider="iam-role", error_msg="x"), R, "ses_no_credentials"),
        (
            aws_errors.ParamValidationError(report="EmailTags[0].Value: jane.doe@patients.example"),
            R,
            "ses_bad_request",
        ),
        (aws_errors.InvalidRegionError(region_name="a b"), R, "ses_bad_request"),
    ],
)
def test_what_goes_wrong_before_ses_answers_is_told_apart(
    email: Email, error: aws_errors.BotoCoreError, kind: type[ServiceError], code: str
) -> None:
    translated = translate(error, email, "us-est-1")
    assert (type(translated), translated.code) == (kind, code)
    assert translated.hint
    assert email.recipient not in translated.message
    if code == "ses_unavailable":
        assert "us-est-1" in translated.hint


def test_a_recipient_that_the_general_mask_would_cut_short_is_masked_whole(email: Email) -> None:
    irish = replace(email, recipient="sean.o'brien@patients.example")
    text = "Illegal address Sean.O'Brien@patients.example, SEAN.o'brien@patients.example"
    error = translate(
        ClientError({"Error": {"Code": "BadRequestException", "Message": text}}, "SendEmail"),
        irish,
        "eu-west-1",
    )
    assert "brien" not in error.message.lower()
    assert error.message.count("***@patients.example") == 2


def test_an_address_that_is_not_the_recipients_is_masked_too(email: Email) -> None:
    answer: Any = {
        "Error": {"Code": "BadRequestException", "Message": "Illegal address john@patients.example"}
    }
    assert "j***@patients.example" in translate(ClientError(answer, "SendEmail"), email, "eu-west-1").message


def test_a_long_text_of_awss_is_cut(email: Email) -> None:
    answer: Any = {"Error": {"Code": "BadRequestException", "Message": 5000 * "x"}}
    assert len(translate(ClientError(answer, "SendEmail"), email, "eu-west-1").message) < 400
