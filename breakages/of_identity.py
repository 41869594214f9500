"""What goes wrong with the sender's identity and with its records in the DNS."""

from breakages.breakage import Breakage, Finding, Make, Repair, by_the_named_command, doing
from breakages.loop import DOMAIN, Loop
from breakages.setting_up import paste, policed

_MAIL_FROM = f"mail.{DOMAIN}"
_SPF = f'{DOMAIN}. 3600 IN TXT "v=spf1 include:amazonses.com ~all"'
_OTHER_SPF = f'{DOMAIN}. 3600 IN TXT "v=spf1 include:mail.example ~all"'
_MANY = [f"s{number}.example" for number in range(11)]
_INCLUDES = " ".join(f"include:{name}" for name in (*_MANY, "amazonses.com"))
_LONG_SPF = [
    f'{DOMAIN}. 3600 IN TXT "v=spf1 {_INCLUDES} ~all"',
    *(f'{name}. 3600 IN TXT "v=spf1 ip4:192.0.2.1 -all"' for name in _MANY),
]


def _dmarc(policy: str) -> str:
    return f'_dmarc.{DOMAIN}. 3600 IN TXT "v=DMARC1; p={policy}"'


def _adding(*lines: str) -> Make:
    return lambda loop: loop.say("dns", add=lines)


def _removing(record: str) -> Make:
    return lambda loop: loop.say("dns", remove=[record])


def _pasting(kind: str) -> Repair:
    """Return a repair that adds to the DNS what the named command prints of a type."""

    def repair(loop: Loop, finding: Finding) -> str:
        command = f"{finding['command']} --zone"
        paste(loop, command, kind)
        return f"$ {command}, and the {kind} of it was pasted into the DNS"

    return repair


def _remove_a_dkim_record(loop: Loop) -> None:
    tokens = loop.aws("sesv2").get_email_identity(EmailIdentity=DOMAIN)["DkimAttributes"]["Tokens"]
    loop.say("dns", remove=[f"{tokens[1]}._domainkey.{DOMAIN} CNAME"])


def _make_anew(loop: Loop, finding: Finding) -> str:
    said = by_the_named_command(loop, finding)
    policed(loop)
    return f"{said}, and its records were pasted into the DNS"


def _verify(loop: Loop, finding: Finding) -> str:
    loop.say("identities", identity=DOMAIN, verified=True)
    return f"AWS found the records meanwhile: {by_the_named_command(loop, finding)}"


BREAKAGES = (
    Breakage(
        "The identity is deleted",
        lambda loop: loop.aws("sesv2").delete_email_identity(EmailIdentity=DOMAIN),
        "identity.verified",
        "identity_missing",
        alone=True,
        repair=_make_anew,
    ),
    Breakage(
        "AWS has not verified the identity",
        lambda loop: loop.say("identities", identity=DOMAIN, verified=False),
        "identity.verified",
        "identity_not_verified",
        repair=_verify,
    ),
    Breakage(
        "One DKIM record is missing in the DNS",
        _remove_a_dkim_record,
        "identity.dkim",
        "dkim_missing",
        repair=_pasting("CNAME"),
    ),
    Breakage(
        "The MAIL FROM domain has lost its MX record",
        _removing(f"{_MAIL_FROM} MX"),
        "identity.mail_from",
        "mail_from_not_verified",
        repair=_pasting("MX"),
    ),
    Breakage(
        "The SPF record is missing",
        _removing(f"{DOMAIN} TXT"),
        "dns.spf",
        "spf_missing",
        status="warn",
        repair=doing("the record was added to the DNS", _adding(_SPF)),
    ),
    Breakage(
        "The SPF record names too many services",
        _adding(*_LONG_SPF),
        "dns.spf",
        "spf_too_many_lookups",
        repair=doing("the services that nobody uses were taken out", _adding(_SPF)),
    ),
    Breakage(
        "There are two SPF records",
        _adding(_SPF, _OTHER_SPF),
        "dns.spf",
        "spf_invalid",
        repair=doing("one was kept", _adding(_SPF)),
    ),
    Breakage(
        "The DMARC record is missing",
        _removing(f"_dmarc.{DOMAIN} TXT"),
        "dns.dmarc",
        "dmarc_missing",
        status="warn",
        repair=doing("the record was added, and tightened later", _adding(_dmarc("quarantine"))),
    ),
    Breakage(
        "The DMARC record has a policy that there is not",
        _adding(_dmarc("perhaps")),
        "dns.dmarc",
        "dmarc_invalid",
        repair=doing("the record was corrected", _adding(_dmarc("quarantine"))),
    ),
    Breakage(
        "DMARC only watches",
        _adding(_dmarc("none")),
        "dns.dmarc",
        "dmarc_only_watches",
        status="warn",
        repair=doing("the policy was tightened to quarantine", _adding(_dmarc("quarantine"))),
    ),
)
