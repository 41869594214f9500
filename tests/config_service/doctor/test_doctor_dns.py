"""SPF, DMARC and the other records, through the real libraries, answered from a zone instead of the network."""

from collections.abc import Callable
from typing import Any

import dns.message
import dns.resolver
import pytest

from config_service.providers.dns.policies import MailPolicies
from config_service.providers.dns.resolver import DnsRecords, DnsUnavailableError, new_resolver
from local_aws.dns_zone import DnsZone

DOMAIN = "clinic.example"
AMAZON = 'clinic.example. 60 IN TXT "v=spf1 include:amazonses.com ~all"'


class ZoneResolver(dns.resolver.Resolver):
    """Asks a zone in place of a name server."""

    def __init__(self, *lines: str) -> None:
        super().__init__(configure=False)
        self._zone = DnsZone()
        self._zone.add(lines)

    def resolve(self, qname: Any, rdtype: Any = "A", *_: Any, **__: Any) -> Any:
        request = dns.message.make_query(qname, rdtype)
        response = dns.message.from_wire(self._zone.answer(request).to_wire())
        asked = request.question[0]
        if response.rcode():
            raise dns.resolver.NXDOMAIN(qnames=[asked.name], responses={asked.name: response})
        return dns.resolver.Answer(asked.name, asked.rdtype, asked.rdclass, response)


class BrokenResolver(ZoneResolver):
    """Never answers."""

    def resolve(self, *_: Any, **__: Any) -> Any:
        raise dns.resolver.LifetimeTimeout(timeout=1, errors=[])


def records(*lines: str) -> DnsRecords:
    return DnsRecords(lambda: ZoneResolver(*lines))


def policies(*lines: str) -> MailPolicies:
    return MailPolicies(records(*lines))


def test_records_are_read_and_a_name_without_any_is_empty() -> None:
    found = records(
        "a.clinic.example. 60 IN CNAME T.dkim.amazonses.com.",
        "clinic.example. 60 IN MX 20 mx2.example.",
        "mail.clinic.example. 60 IN MX 10 feedback-smtp.us-east-1.amazonses.com.",
        'txt.clinic.example. 60 IN TXT "in two " "parts"',
    )
    assert found.aliases("a.clinic.example") == ["t.dkim.amazonses.com"]
    assert found.exchangers("mail.clinic.example") == ["feedback-smtp.us-east-1.amazonses.com"]
    assert found.texts("txt.clinic.example") == ["in two parts"]
    assert found.texts("nothing.example") == found.aliases("clinic.example") == []


@pytest.mark.parametrize(
    ("lines", "lookups", "error"),
    [
        ([AMAZON], 1, ""),
        ([f'{AMAZON}\nclinic.example. 60 IN TXT "v=spf1 -all"'], None, "several"),
        (['clinic.example. 60 IN TXT "v=spf1 inklude:amazonses.com"'], None, "inklude"),
        (
            [
                'clinic.example. 60 IN TXT "v=spf1 include:amazonses.com include:many.example ~all"',
                'many.example. 60 IN TXT "v=spf1 ' + " ".join(f"include:n{n}.example" for n in range(10)) + ' ~all"',
                *(f'n{n}.example. 60 IN TXT "v=spf1 ip4:192.0.2.{n} ~all"' for n in range(10)),
            ],
            12,
            "",
        ),
    ],
    ids=["one_look_up", "two_records", "it_does_not_parse", "more_than_ten_look_ups"],
)  # fmt: skip
def test_spf_is_counted_and_its_faults_are_named(lines: list[str], lookups: int | None, error: str) -> None:
    found = policies(*lines).spf(DOMAIN)
    assert found is not None
    assert found.lookups == lookups
    assert error in found.error


def test_a_domain_without_spf_has_none_and_what_is_repaired_shows_at_once() -> None:
    assert policies('clinic.example. 60 IN TXT "something else"').spf(DOMAIN) is None
    assert policies(AMAZON).spf(DOMAIN) is not None
    broken = policies('clinic.example. 60 IN TXT "v=spf1 include:gone.example ~all"').spf(DOMAIN)
    assert broken is not None
    assert broken.error


@pytest.mark.parametrize(
    ("name", "record", "asked", "policy", "strict"),
    [
        ("clinic.example", "v=DMARC1; p=reject; adkim=s; aspf=s", DOMAIN, "reject", True),
        ("clinic.example", "v=DMARC1; p=none", DOMAIN, "none", False),
        ("clinic.example", "v=DMARC1; p=none; sp=quarantine", "front.clinic.example", "quarantine", False),
    ],
)
def test_dmarc_is_read_for_the_domain_or_the_one_above(
    name: str, record: str, asked: str, policy: str, strict: bool
) -> None:
    there = 'front.clinic.example. 60 IN TXT "a domain that exists"'
    found = policies(f'_dmarc.{name}. 60 IN TXT "{record}"', AMAZON, there).dmarc(asked)
    assert found is not None
    assert (found.policy, found.strict_dkim, found.strict_spf, found.error) == (policy, strict, strict, "")


def test_dmarc_that_is_missing_or_broken_is_told_apart() -> None:
    assert policies(AMAZON).dmarc(DOMAIN) is None
    broken = policies('_dmarc.clinic.example. 60 IN TXT "v=DMARC1; p=maybe"', AMAZON).dmarc(DOMAIN)
    assert broken is not None
    assert broken.error


ASKING: list[Callable[[DnsRecords], Any]] = [
    lambda dns_: dns_.texts(DOMAIN),
    lambda dns_: MailPolicies(dns_).spf(DOMAIN),
    lambda dns_: MailPolicies(dns_).dmarc(DOMAIN),
]


@pytest.mark.parametrize("ask", ASKING)
def test_a_dns_that_does_not_answer_is_no_missing_record(ask: Callable[[DnsRecords], Any]) -> None:
    with pytest.raises(DnsUnavailableError):
        ask(DnsRecords(BrokenResolver))


def test_a_machine_without_dns_says_so() -> None:
    def none() -> Any:
        raise dns.resolver.NoResolverConfiguration

    with pytest.raises(DnsUnavailableError, match="names no DNS server"):
        DnsRecords(none).texts(DOMAIN)


def test_a_server_of_ones_own_is_asked_alone() -> None:
    resolver = new_resolver("127.0.0.1:5055")
    assert (resolver.nameservers, resolver.port) == (["127.0.0.1"], 5055)
