"""What a domain's SPF and DMARC records say, read by checkdmarc.

https://www.rfc-editor.org/rfc/rfc7208 (SPF), https://www.rfc-editor.org/rfc/rfc7489 (DMARC)
"""

from dataclasses import dataclass, field
from typing import Any

from config_service.providers.dns.loading import load
from config_service.providers.dns.resolver import LIFETIME, DnsRecords

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
AMAZON = "amazonses.com"


@dataclass(frozen=True, slots=True)
class Spf:
    """An SPF record; `error` says why it cannot be used, `lookups` is None where nobody could count."""

    record: str
    lookups: int | None = None
    error: str = ""

    @property
    def includes_amazon(self) -> bool:
        """Whether it names Amazon SES."""
        return f"include:{AMAZON}" in self.record.lower()


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A DMARC record; `location` is the domain at which it was found, the sender's or one above."""

    record: str
    location: str = ""
    policy: str = "none"
    strict_dkim: bool = False
    strict_spf: bool = False
    error: str = ""
    warnings: tuple[str, ...] = field(default=())


class MailPolicies:
    """Reads records; checkdmarc is loaded at the first use, since that takes half a second."""

    def __init__(self, records: DnsRecords) -> None:
        """Take what asks the DNS."""
        self._records = records

    def spf(self, domain: str) -> Spf | None:
        """Return the domain's SPF record, or None; raise DnsUnavailableError."""
        found = [text for text in self._records.texts(domain) if _is_spf(text)]
        if not found:
            return None
        if len(found) > 1:
            return Spf(found[0], error="there are several records that begin with v=spf1")
        answer = _checkdmarc("spf").check_spf(domain, **self._asking())
        return Spf(found[0], answer.get("dns_lookups"), str(answer.get("error") or ""))

    def dmarc(self, domain: str) -> Dmarc | None:
        """Return the DMARC record that counts for the domain, or None; raise DnsUnavailableError."""
        base = self.base_domain(domain)
        places = dict.fromkeys((domain, base))
        texts = [text for place in places for text in self._records.texts(f"_dmarc.{place}")]
        if not any(text.strip().lower().startswith("v=dmarc1") for text in texts):
            return None
        answer = _checkdmarc("dmarc").check_dmarc(domain, ignore_unrelated_records=True, **self._asking())
        record, location = str(answer.get("record") or texts[0]), str(answer.get("location") or domain)
        if not answer.get("valid"):
            return Dmarc(record, location, error=str(answer.get("error") or "it does not parse"))
        tags = {name: str(tag["value"]) for name, tag in answer["tags"].items()}
        policy = tags.get("sp", tags["p"]) if location != domain else tags["p"]
        return Dmarc(
            record,
            location,
            policy,
            strict_dkim=tags.get("adkim") == "s",
            strict_spf=tags.get("aspf") == "s",
            warnings=tuple(map(str, answer.get("warnings", ()))),
        )

    def base_domain(self, domain: str) -> str:
        """Return the organisation's domain by the public suffix list (RFC 7489, 3.2)."""
        return str(_checkdmarc("utils").get_base_domain(domain))

    def _asking(self) -> dict[str, Any]:
        # What was repaired a minute ago must show: checkdmarc would answer from memory for half an hour.
        _checkdmarc("utils").DNS_CACHE.clear()
        return {"resolver": self._records.resolver, "timeout": LIFETIME}


def _is_spf(text: str) -> bool:
    return text.strip().lower().split(" ")[0] == "v=spf1"


def _checkdmarc(module: str) -> Any:
    load("checkdmarc")  # whole: its modules import each other
    return load(f"checkdmarc.{module}")
