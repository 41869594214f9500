"""Remedies for settings, credentials, keys and the account itself."""

from config_service.services.doctor.remedies.remedy import Remedy, Trouble

_PUT_SES = "PUT /api/v1/clinics/{clinic}/communication/ses"
_PRODUCTION = "SES console of {region}: Account dashboard > Request production access"

ACCOUNT_REMEDIES = (
    Remedy(
        "no_ses_settings",
        (Trouble.UPDATE, Trouble.TEST),
        "No SES account stands in the clinic's settings.",
        "Give the clinic its SES account.",
        _PUT_SES,
    ),
    Remedy(
        "settings_invalid",
        (Trouble.UPDATE,),
        "The stored SES settings lack a field, or hold one that cannot be right.",
        "Save the settings anew, with all required fields: region, fromEmail, and accessKeyId with "
        "secretAccessKey or roleArn. What a direct database update writes is not checked when it is written.",
        _PUT_SES,
    ),
    Remedy(
        "provider_disabled",
        (Trouble.TEST,),
        "SES is switched off in the clinic's settings.",
        "Switch it on: save the settings with enabled true.",
        _PUT_SES,
    ),
    Remedy(
        "credentials_missing",
        (Trouble.CREDENTIALS, Trouble.TEST),
        "There are no AWS credentials to work with.",
        "Set AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in .env or the environment, or run "
        "where an IAM role gives them, and restart config_service; or give the clinic a key of its own.",
        _PUT_SES,
    ),
    Remedy(
        "credentials_invalid",
        (Trouble.CREDENTIALS, Trouble.UPDATE, Trouble.TEST),
        "AWS does not accept the access key: it was deleted, deactivated or mistyped.",
        "Make a new access key in IAM, save it, and delete the old one. For the platform's own account set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and restart. Check this machine's clock as well.",
        "IAM console: Users > (the user) > Security credentials > Create access key; then " + _PUT_SES,
    ),
    Remedy(
        "region_unknown",
        (Trouble.UPDATE,),
        "The region does not exist, or SES is not offered there.",
        "Save the settings with a region of AWS's that offers SES.",
        _PUT_SES,
    ),
    Remedy(
        "region_not_eligible",
        (Trouble.UPDATE,),
        "The region is none of those in which the platform may handle patients' data under HIPAA.",
        "Move SES to us-east-1, us-west-2 or us-gov-west-1, or let your compliance officer confirm that no "
        "HIPAA data goes through this region.",
        "python -m config_service identity create{of}, after the region is saved",
    ),
    Remedy(
        "key_old",
        (Trouble.KEYS,),
        "The access key is older than 90 days.",
        "Make a second key for the same IAM user, save it here, send a test email, and delete the old key.",
        "IAM console: Users > (the user) > Security credentials > Create access key; then " + _PUT_SES,
    ),
    Remedy(
        "sealed_with_old_key",
        (Trouble.KEYS,),
        "Credentials are still sealed with a key that is no longer the first of CREDENTIALS_KEYS.",
        "Bring everything under the first key; then the old one can be taken out.",
        "python -m config_service reseal",
    ),
    Remedy(
        "sealing_key_missing",
        (Trouble.KEYS, Trouble.UPDATE, Trouble.CREDENTIALS),
        "Stored credentials do not open: their key is not in CREDENTIALS_KEYS, or they were changed.",
        "Add the key that is named to CREDENTIALS_KEYS again, behind the first, and restart; if it is lost, "
        "enter the credentials again.",
        _PUT_SES,
    ),
    Remedy(
        "sandbox",
        (Trouble.SANDBOX, Trouble.RECIPIENT, Trouble.TEST),
        "The account is in SES's sandbox: it may mail verified addresses alone, 200 a day.",
        "Request production access; AWS answers within a day or so. Until then verify each recipient as an "
        "identity, or send to success@simulator.amazonses.com.",
        _PRODUCTION,
    ),
    Remedy(
        "sending_paused",
        (Trouble.PAUSED, Trouble.TEST),
        "AWS, or somebody in the account, has stopped sending.",
        "Read AWS's message to the account's owner, cure the bounces or complaints that it names, and ask "
        "AWS to lift the pause; where somebody paused it by hand, switch it on again.",
        "aws sesv2 put-account-sending-attributes --sending-enabled --region {region}",
    ),
    Remedy(
        "on_probation",
        (Trouble.PAUSED, Trouble.BOUNCES, Trouble.COMPLAINTS),
        "AWS reviews the account: it may stop its mail next.",
        "Answer AWS's case, stop mailing the lists that bounce or complain, and say what was changed.",
        "SES console of {region}: Account dashboard > Account health",
    ),
    Remedy(
        "quota_used_up",
        (Trouble.QUOTA, Trouble.TEST),
        "The sending quota of the last 24 hours is used up, or nearly so.",
        "Spread sends over the day, and request a higher quota.",
        "SES console of {region}: Account dashboard > Request a limit increase",
    ),
    Remedy(
        "bounce_rate_high",
        (Trouble.BOUNCES,),
        "So many addresses bounce that AWS reviews (5 %) or pauses (10 %) the account.",
        "Stop mailing lists of unknown age, ask patients for their address anew and confirm it once, and "
        "let every sending service ask the suppression check before it sends.",
        "GET /api/v1/clinics/{clinic}/communication/events?kind=Bounce",
    ),
    Remedy(
        "complaint_rate_high",
        (Trouble.COMPLAINTS,),
        "So many recipients complain that AWS reviews (0.1 %) or pauses (0.5 %) the account.",
        "Mail only people who asked for it, put an unsubscribe link into everything but care messages, and "
        "keep complainers on the list.",
        "GET /api/v1/clinics/{clinic}/communication/events?kind=Complaint",
    ),
    Remedy(
        "test_email_refused",
        (Trouble.TEST, Trouble.RECIPIENT),
        "The clinic's last test email was refused.",
        "{advice}",
        "POST /api/v1/clinics/{clinic}/communication/test-email",
    ),
    Remedy(
        "permission_missing",
        (Trouble.UNSEEN, Trouble.UPDATE),
        "The credentials may not look at this. Mail need not be hurt by it.",
        "To have it checked allow {action} in the IAM policy of the credentials; the command prints all that "
        "the doctor asks for.",
        "python -m config_service doctor --print-policy",
    ),
    Remedy(
        "not_answered",
        (Trouble.UNSEEN,),
        "AWS or DNS did not answer in time, or refused to say.",
        "Run the doctor again; if it lasts, check that HTTPS to AWS and DNS get out of this network.",
        "python -m config_service doctor{of}",
    ),
)
