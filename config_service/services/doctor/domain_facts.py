"""What the DNS says about the sender's domain, fetched once."""

from dataclasses import dataclass, field

from config_service.providers.dns.policies import Dmarc, MailPolicies, Spf
from config_service.providers.dns.resolver import DnsRecords
from config_service.services.doctor.once import Once


@dataclass(frozen=True, slots=True)
class DomainFacts:
    """Asks about names; raise DnsUnavailableError where the DNS does not answer."""

    records: DnsRecords
    policies: MailPolicies
    once: Once = field(default_factory=Once)

    def alias(self, name: str) -> str | None:
        """Return where the CNAME leads, or None."""
        return next(iter(self.once.get(("CNAME", name), lambda: self.records.aliases(name))), None)

    def exchangers(self, name: str) -> list[str]:
        """Return the MX hosts."""
        return self.once.get(("MX", name), lambda: self.records.exchangers(name))

    def spf(self, name: str) -> Spf | None:
        """Return the SPF record, or None."""
        return self.once.get(("SPF", name), lambda: self.policies.spf(name))

    def dmarc(self, name: str) -> Dmarc | None:
        """Return the DMARC record that counts, or None."""
        return self.once.get(("DMARC", name), lambda: self.policies.dmarc(name))

    def same_organisation(self, one: str, other: str) -> bool:
        """Whether two domains belong together for DMARC's relaxed alignment (RFC 7489, 3.1)."""
        return self.policies.base_domain(one) == self.policies.base_domain(other)
