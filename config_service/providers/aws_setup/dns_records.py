"""The DNS records that a domain needs, as AWS and its receivers look for them. Asks nobody.

https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html (DKIM)
https://docs.aws.amazon.com/ses/latest/dg/mail-from.html (MX and SPF of a custom MAIL FROM domain)
https://www.rfc-editor.org/rfc/rfc7208 (SPF), https://www.rfc-editor.org/rfc/rfc7489 (DMARC)
"""

from collections.abc import Iterator
from dataclasses import dataclass

from config_service.providers.aws_setup.identities import IdentityState

SPF = "v=spf1 include:amazonses.com ~all"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record to add; `status` is AWS's word on it, empty where AWS does not look."""

    purpose: str
    name: str
    type: str
    value: str
    status: str = ""
    remark: str = ""

    def zone_line(self) -> str:
        """Return the record as a zone file has it (RFC 1035, 5.1)."""
        value = f'"{self.value}"' if self.type == "TXT" else self.value
        dot = "." if self.type in ("CNAME", "MX") else ""
        return f"{self.name}. 3600 IN {self.type} {value}{dot}"


def records_of(identity: IdentityState) -> tuple[DnsRecord, ...]:
    """Return the records of a domain; an address needs none, AWS writes to it."""
    return tuple(_records(identity)) if identity.is_domain else ()


def _records(identity: IdentityState) -> Iterator[DnsRecord]:
    domain = identity.name
    for token in identity.dkim_tokens:
        name, target = f"{token}._domainkey.{domain}", f"{token}.{identity.dkim_zone}"
        yield DnsRecord("DKIM", name, "CNAME", target, identity.dkim_status)
    if identity.mail_from:
        mx = f"10 feedback-smtp.{identity.region}.amazonses.com"
        status = identity.mail_from_status or ""
        yield DnsRecord("MAIL FROM", identity.mail_from, "MX", mx, status, "the only MX record of this name")
        yield DnsRecord("SPF", identity.mail_from, "TXT", SPF, status)
    remark = "a domain has one SPF record: where there is one, add include:amazonses.com to it"
    yield DnsRecord("SPF", domain, "TXT", SPF, remark=remark)
    policy = f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}"
    remark = "keep the one that is there; tighten p=none once the reports are clean"
    yield DnsRecord("DMARC", f"_dmarc.{domain}", "TXT", policy, remark=remark)
