"""The table of SES's refusals: how each is known, and what we tell the person who has to act on it.

https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from config_service.providers.aws_failure import all_of, any_of, coded, saying
from config_service.providers.aws_rules import AWS_RULES, Rule
from config_service.providers.base import SendRefusedError

_SES_RULES = (
    Rule(
        # AWS sends this one, too, under the code of a throttling.
        any_of(saying("(daily|24.hour|message|sending) .*quota exceeded"), coded("LimitExceededException")),
        SendRefusedError,
        "ses_sending_quota_exceeded",
        "The SES account has used up its sending quota in {region}.",
        "Wait until the last 24 hours hold fewer messages, or request a higher quota in the SES console of "
        "{region} under Account dashboard; an account in the sandbox may send 200 a day.",
    ),
    Rule(
        any_of(
            coded("ConfigurationSetSendingPausedException"),
            all_of(
                saying("configuration set"),
                any_of(coded("SendingPausedException"), saying("sending .*(paused|disabled)")),
            ),
        ),
        SendRefusedError,
        "ses_account_sending_paused",
        "Sending is paused for the configuration set {configuration_set} in {region}.",
        "Enable sending in the SES console under Configuration sets, or use another configuration set.",
    ),
    Rule(
        any_of(
            coded("SendingPausedException", "AccountSuspendedException", "AccountSendingPausedException"),
            saying("sending .*(paused|suspended|disabled)|account is paused|ability to send .*paused"),
        ),
        SendRefusedError,
        "ses_account_sending_paused",
        "AWS has paused or suspended sending for this SES account in {region}.",
        "Read AWS's notice in the inbox of the account's owner and under Account dashboard, cure the bounces "
        "or complaints that it names, and ask AWS to lift the pause.",
    ),
    Rule(
        any_of(
            coded("ConfigurationSetDoesNotExist"),
            saying("configuration set.*(does not|doesn't) exist"),
            all_of(coded("NotFoundException"), lambda failure: bool(failure.email.configuration_set)),
        ),
        SendRefusedError,
        "ses_configuration_set_missing",
        "The configuration set {configuration_set} does not exist in {region}.",
        "Create it in the SES console of {region} under Configuration sets, or correct "
        "configurationSetName; a set belongs to one region of one account.",
    ),
    Rule(
        coded("MailFromDomainNotVerifiedException"),
        SendRefusedError,
        "ses_mail_from_not_verified",
        "The custom MAIL FROM domain of {sender} is not verified in {region}.",
        "Publish the MX and SPF records that the SES console shows for the identity's MAIL FROM domain, or "
        "let SES fall back to its default MAIL FROM domain.",
    ),
    Rule(
        all_of(saying("not verified"), lambda failure: failure.only_the_recipient_failed),
        SendRefusedError,
        "ses_account_in_sandbox",
        "The SES account is in the sandbox in {region}, and the recipient is no verified identity there.",
        "Request production access in the SES console of {region} under Account dashboard; until AWS grants "
        "it, verify the recipient's address there, or send to success@simulator.amazonses.com.",
    ),
    Rule(
        saying("not verified"),
        SendRefusedError,
        "ses_identity_not_verified",
        "{sender} is not a verified identity of this SES account in {region}.",
        "Verify the address or its domain in the SES console of {region} under Verified identities; an "
        "identity belongs to one region. In the sandbox the recipient must be verified, too.",
    ),
)

# The first row that matches is the answer: a special case stands above its general one.
RULES: tuple[Rule, ...] = (*_SES_RULES, *AWS_RULES)
