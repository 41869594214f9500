"""The records that the stand-in's DNS knows: what the controls add, and what Amazon publishes itself.

Answers: RFC 1034, 4.3.2; a name without records does not exist.
"""

import threading
from collections.abc import Iterable

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zonefile
from dns.rdatatype import CNAME, RdataType

_AMAZONS = 'amazonses.com. 3600 IN TXT "v=spf1 ip4:199.255.192.0/22 ip4:54.240.0.0/18 -all"'
Key = tuple[dns.name.Name, RdataType]


class DnsZone:
    """Records by name and type; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: dict[Key, dns.rrset.RRset] = {}
        self.add([_AMAZONS])

    def add(self, lines: Iterable[str]) -> None:
        """Add records, written as in a zone file (RFC 1035, 5.1), in place of those of their name and type.

        Raise dns.exception.DNSException for a line that is none.
        """
        found = dns.zonefile.read_rrsets("\n".join(lines) + "\n", rdclass=None)
        with self._lock:
            self._records |= {(each.name, each.rdtype): each for each in found}

    def remove(self, name: str, kind: str) -> None:
        """Take the records of a name and a type away; there may be none."""
        with self._lock:
            self._records.pop((dns.name.from_text(name), dns.rdatatype.from_text(kind)), None)

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """Return the answer to a query."""
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        asked = query.question[0]
        with self._lock:
            found = list(self._chain(asked.name, asked.rdtype))
            exists = any(name == asked.name for name, _ in self._records)
        response.answer.extend(found)
        if not exists:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response

    def _chain(self, name: dns.name.Name, kind: RdataType) -> Iterable[dns.rrset.RRset]:
        """Yield the records that answer, behind the alias that leads to them."""
        alias = self._records.get((name, CNAME))
        if alias is not None and kind != CNAME:
            yield alias
            name = alias[0].target
        if found := self._records.get((name, kind)):
            yield found
