"""Remedies for the sender's identity and for its records in DNS."""

from config_service.services.doctor.remedies.remedy import Remedy, Trouble

_SHOW = "python -m config_service identity show {domain}{of}"

IDENTITY_REMEDIES = (
    Remedy(
        "sender_missing",
        (Trouble.UPDATE, Trouble.TEST),
        "The settings name no sender's address.",
        "Save the settings with fromEmail.",
        "PUT /api/v1/clinics/{clinic}/communication/ses",
    ),
    Remedy(
        "identity_missing",
        (Trouble.UNVERIFIED, Trouble.TEST),
        "Neither the sender's address nor its domain is an identity of this account in this region.",
        "Make the domain an identity and add its records to DNS, or correct region or fromEmail: an identity "
        "belongs to one region of one account.",
        "python -m config_service identity create {domain}{of}",
    ),
    Remedy(
        "identity_not_verified",
        (Trouble.UNVERIFIED, Trouble.TEST),
        "The identity exists, and AWS has not verified it.",
        "For a domain add the DKIM records to DNS; for an address open the link that AWS has mailed to it "
        "(look into the spam folder, or have it sent again).",
        "python -m config_service identity wait {identity}{of}",
    ),
    Remedy(
        "address_identity_only",
        (Trouble.SPAM,),
        "The sender is verified as an address, not by its domain: nothing signs the mail with that domain.",
        "Verify the domain, with DKIM.",
        "python -m config_service identity create {domain}{of}",
    ),
    Remedy(
        "dkim_missing",
        (Trouble.SPAM, Trouble.UNVERIFIED),
        "AWS signs only with DKIM records that it finds in DNS, and they are not all there.",
        "Add the CNAME records that the command shows, exactly as they stand there. Some DNS providers "
        "append the domain by themselves: then leave it out of the name.",
        _SHOW,
    ),
    Remedy(
        "spf_missing",
        (Trouble.SPAM,),
        "The domain says nowhere that Amazon SES may send for it.",
        'Add the TXT record "v=spf1 include:amazonses.com ~all" to {domain}; where there is one that begins '
        "with v=spf1, add include:amazonses.com to it.",
        _SHOW,
    ),
    Remedy(
        "spf_invalid",
        (Trouble.SPAM,),
        "The SPF record cannot be used: there are two of them, or it does not parse.",
        "Keep exactly one TXT record that begins with v=spf1, and correct it.",
        _SHOW,
    ),
    Remedy(
        "spf_too_many_lookups",
        (Trouble.SPAM,),
        "The SPF record needs more than ten DNS look-ups: receivers call it broken (RFC 7208, 4.6.4).",
        "Take out the include: of services that are not used any more, or write their networks as ip4: and "
        "ip6:.",
        "dig +short TXT {domain}",
    ),
    Remedy(
        "dmarc_missing",
        (Trouble.SPAM,),
        "There is no DMARC record: large receivers ask for one, and nobody tells you of forgeries.",
        'Add the TXT record "v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}" at _dmarc.{domain}.',
        _SHOW,
    ),
    Remedy(
        "dmarc_invalid",
        (Trouble.SPAM,),
        "The DMARC record cannot be used.",
        "Correct the TXT record at _dmarc.{domain}: there is one, and it begins with v=DMARC1.",
        _SHOW,
    ),
    Remedy(
        "dmarc_only_watches",
        (Trouble.SPAM,),
        "DMARC's policy is none: forged mail in the clinic's name is delivered all the same.",
        "Once the reports show that all honest mail passes, set p=quarantine, and later p=reject.",
        "dig +short TXT _dmarc.{domain}",
    ),
    Remedy(
        "dmarc_not_aligned",
        (Trouble.SPAM,),
        "Neither DKIM nor MAIL FROM stands in the sender's domain, so that the mail fails DMARC.",
        "Have SES sign with the sender's own domain (its DKIM records in DNS), and give the identity a MAIL "
        "FROM domain below it.",
        "python -m config_service identity create {domain}{of}",
    ),
    Remedy(
        "mail_from_not_verified",
        (Trouble.SPAM, Trouble.UNVERIFIED),
        "The custom MAIL FROM domain lacks its MX or its SPF record.",
        "Add the MX and the TXT record that the command shows at {mail_from}, and no other MX there.",
        _SHOW,
    ),
)
