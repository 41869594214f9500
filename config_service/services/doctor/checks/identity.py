"""The identity that the sender sends by, as AWS sees it."""

from config_service.providers.aws_setup.identities import SUCCESS
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned

EASY_DKIM_TOKENS = 3  # with a key of the owner's own there is one, and no CNAME to look for


def _verified(facts: Facts) -> Outcome | None:
    sender = facts.target.sender
    if not sender:
        return None
    identity = facts.identity()
    if identity is None:
        return failed("identity_missing", f"neither {sender} nor its domain is an identity here")
    if not identity.verified:
        return failed("identity_not_verified", f"{identity.name} is not verified", identity=identity.name)
    if not identity.is_domain:
        return warned(
            "address_identity_only", f"{identity.name} is verified as an address, not by its domain"
        )
    return passed(f"{sender} is sent by {identity.name}, which is verified")


def _dkim(facts: Facts) -> Outcome | None:
    identity = facts.identity() if facts.target.sender else None
    if identity is None or not identity.is_domain:
        return None
    easy = identity.dkim_tokens if len(identity.dkim_tokens) == EASY_DKIM_TOKENS else ()
    wanted = {
        f"{token}._domainkey.{identity.name}": f"{token}.{identity.dkim_zone}".lower() for token in easy
    }
    wrong = [name for name, value in wanted.items() if facts.domain.alias(name) != value]
    if wrong:
        return failed("dkim_missing", f"DNS lacks {len(wrong)} of {len(wanted)}: {', '.join(wrong)}")
    if identity.dkim_status != SUCCESS:
        return failed("dkim_missing", f"AWS's status is {identity.dkim_status}; the records are in DNS now")
    return passed(f"{len(wanted)} records in DNS, and AWS has found them")


def _mail_from(facts: Facts) -> Outcome | None:
    identity = facts.identity() if facts.target.sender else None
    if identity is None or not identity.is_domain:
        return None
    name = identity.mail_from
    if name is None:
        return passed("SES's own MAIL FROM domain is used")
    missing = []
    if facts.domain.exchangers(name) != [f"feedback-smtp.{identity.region}.amazonses.com"]:
        missing.append("MX")
    spf = facts.domain.spf(name)
    if spf is None or not spf.includes_amazon:
        missing.append("SPF (TXT)")
    if missing:
        seen = f"{name} lacks the right {' and '.join(missing)} record"
        return failed("mail_from_not_verified", seen, mail_from=name)
    if identity.mail_from_status != SUCCESS:
        seen = f"AWS's status of {name} is {identity.mail_from_status}; the records are in DNS now"
        return warned("mail_from_not_verified", seen, mail_from=name)
    return passed(f"{name}: MX and SPF are in DNS, and AWS has found them")


CHECKS = (
    Check("identity.verified", "Verified sender", _verified),
    Check("identity.dkim", "DKIM", _dkim),
    Check("identity.mail_from", "MAIL FROM", _mail_from),
)
