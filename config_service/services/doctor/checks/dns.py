"""What receivers find in DNS about the sender's domain: SPF and DMARC.

https://www.rfc-editor.org/rfc/rfc7208 (SPF), https://www.rfc-editor.org/rfc/rfc7489 (DMARC)
"""

from config_service.providers.aws_setup.identities import SUCCESS, IdentityState
from config_service.providers.dns.policies import MOST_LOOKUPS, Dmarc
from config_service.services.doctor.checks.check import Check
from config_service.services.doctor.facts import Facts
from config_service.services.doctor.outcome import Outcome, failed, passed, warned
from shared.addresses import domain_of


def _spf(facts: Facts) -> Outcome | None:
    if not facts.target.sender:
        return None
    domain = domain_of(facts.target.sender)
    spf = facts.domain.spf(domain)
    if spf is None:
        return warned("spf_missing", f"{domain} has no SPF record")
    if spf.lookups is not None and spf.lookups > MOST_LOOKUPS:
        seen = f"{domain} needs {spf.lookups} look-ups; {MOST_LOOKUPS} are allowed"
        return failed("spf_too_many_lookups", seen)
    if spf.error:
        return failed("spf_invalid", f"{domain}: {spf.error}")
    if not spf.includes_amazon:
        return warned("spf_missing", f"{domain}'s record does not name amazonses.com: {spf.record}")
    return passed(f"{domain} names amazonses.com, with {spf.lookups} of {MOST_LOOKUPS} look-ups")


def _dmarc(facts: Facts) -> Outcome | None:
    if not facts.target.sender:
        return None
    domain = domain_of(facts.target.sender)
    dmarc = facts.domain.dmarc(domain)
    if dmarc is None:
        return warned("dmarc_missing", f"there is no record at _dmarc.{domain}")
    if dmarc.error:
        return failed("dmarc_invalid", f"{domain}: {dmarc.error}")
    identity = facts.identity()
    if identity and not _aligned(facts, domain, dmarc, identity):
        seen = f"policy {dmarc.policy}; neither DKIM nor MAIL FROM stands in {domain}"
        return (warned if dmarc.policy == "none" else failed)("dmarc_not_aligned", seen)
    if dmarc.policy == "none":
        return warned("dmarc_only_watches", f"{domain}'s policy is none")
    return passed(f"policy {dmarc.policy}, and the mail is aligned")


def _aligned(facts: Facts, domain: str, dmarc: Dmarc, identity: IdentityState) -> bool:
    """Whether mail of `domain` passes DMARC by DKIM's domain or by that of MAIL FROM."""

    def fits(other: str, *, strict: bool) -> bool:
        return other == domain if strict else facts.domain.same_organisation(other, domain)

    signed = identity.is_domain and identity.dkim_status == SUCCESS
    if signed and fits(identity.name, strict=dmarc.strict_dkim):
        return True
    mail_from = identity.mail_from if identity.mail_from_status == SUCCESS else None
    return mail_from is not None and fits(mail_from, strict=dmarc.strict_spf)


CHECKS = (Check("dns.spf", "SPF", _spf), Check("dns.dmarc", "DMARC", _dmarc))
