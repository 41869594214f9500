"""What to do after a test email was refused, by the code of the refusal."""

_ADVICE = {
    "ses_identity_not_verified": "Verify the sender's address or domain in SES, in the same region.",
    "ses_account_in_sandbox": "Verify the recipient in SES as well, or request production access.",
    "ses_invalid_credentials": "Enter the access key again; it may have been deleted.",
    "ses_no_credentials": "Give the clinic an access key, or the platform its credentials.",
    "ses_access_denied": "Allow ses:SendEmail in the IAM policy of the credentials.",
    "ses_role_not_assumable": "Check the role's trust policy and its sts:ExternalId.",
    "ses_sending_quota_exceeded": "Wait, or request a higher quota.",
    "ses_account_sending_paused": "Read AWS's notice in SES's account dashboard.",
    "ses_configuration_set_missing": "Create the configuration set, or correct configurationSetName.",
    "ses_mail_from_not_verified": "Add the MX and SPF records of the MAIL FROM domain to DNS.",
}
_OTHERWISE = "The code is explained in docs/aws.md; mend it, and send a test email again."


def advice_for(code: str) -> str:
    """Return one sentence or two."""
    return _ADVICE.get(code, _OTHERWISE)
