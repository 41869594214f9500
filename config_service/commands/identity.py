"""Make an identity at SES, show the DNS records it needs, and wait until AWS has found them."""

import argparse
import json
from collections.abc import Iterable, Iterator

from rich.table import Table

from config_service.commands.opened import opened
from config_service.commands.setup_report import SetupReport, console
from config_service.providers.aws_setup.dns_records import DnsRecord, records_of
from config_service.providers.aws_setup.iam_policy import iam_policy
from config_service.providers.aws_setup.identities import Identity, IdentityState
from config_service.providers.aws_setup.resource import Mode, Resource, Step
from config_service.services.setup.identities import WantedIdentity, await_verified, seen
from config_service.settings import ConfigSettings

HELP = "make an SES identity, show its DNS records, and wait until AWS has verified it"
WAIT_SECONDS = 900

_DEEDS = {
    "create": ("make the identity, and show its DNS records", Mode.SET_UP),
    "show": ("show the DNS records and how far AWS has come", Mode.SHOW),
    "wait": ("wait until AWS has verified everything", Mode.SHOW),
    "remove": ("delete the identity where create made it: nothing can be sent from it then", Mode.REMOVE),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True)
    for deed, (text, _) in _DEEDS.items():
        each = deeds.add_parser(deed, help=text)
        each.add_argument("name", nargs="?", help="a domain or an address (default: the sender's domain)")
        each.add_argument("--clinic", metavar="ID", help="in this clinic's account (default: the platform's)")
        each.add_argument("--region", help="where the platform sends (default: AWS_REGION)")
        mail_from = "the custom MAIL FROM domain (default: mail. and the domain; '' for none)"
        each.add_argument("--mail-from", metavar="DOMAIN", help=mail_from)
        each.add_argument(
            "--zone", action="store_true", help="print only the records, as a zone file has them"
        )
        each.add_argument(
            "--print-policy", action="store_true", help="print the least IAM policy, and do nothing"
        )
        wait = f"with wait: how long (default: {WAIT_SECONDS})"
        each.add_argument("--wait", metavar="SECONDS", type=int, default=WAIT_SECONDS, help=wait)


def run(settings: ConfigSettings, options: argparse.Namespace) -> None:
    wanted = WantedIdentity(options.name, options.clinic, options.region, options.mail_from)
    with opened(settings) as services:
        identity = services.aws.identities.find(wanted, unseen=options.print_policy)
        if options.print_policy:
            print(json.dumps(iam_policy(identity.permissions(_DEEDS[options.deed][1])), indent=2))
        elif options.deed == "remove":
            SetupReport().progress(_removed(identity))
        elif options.deed == "wait":
            _wait(identity, options.wait)
        else:
            if options.deed == "create":
                SetupReport().progress(_created(identity))
            _show(seen(identity), zone=options.zone)


def _created(identity: Identity) -> Iterator[tuple[Resource, Step]]:
    step = identity.plan()
    identity.apply()
    yield identity, step


def _removed(identity: Identity) -> Iterator[tuple[Resource, Step]]:
    step = identity.plan_removal()
    identity.remove()
    yield identity, step


def _show(state: IdentityState, *, zone: bool) -> None:
    screen, records = console(), records_of(state)
    if not zone:
        screen.print(_summary(state), soft_wrap=True)
        if not state.is_domain and not state.verified:
            screen.print(f"AWS has written to {state.name}: open the link in that message.", soft_wrap=True)
        if records:
            screen.print(_table(records))
            screen.print("\nThe same, ready to paste into a zone file:")
    for record in records:
        screen.print(record.zone_line(), markup=False, soft_wrap=True)


def _table(records: Iterable[DnsRecord]) -> Table:
    table = Table(title="Add to DNS", title_justify="left")
    for heading in ("for", "name", "type", "value", "AWS says", "remark"):
        table.add_column(heading, overflow="fold")
    for each in records:
        table.add_row(each.purpose, each.name, each.type, each.value, each.status, each.remark)
    return table


def _wait(identity: Identity, seconds: int) -> None:
    screen = console()
    with screen.status("asking AWS") as status:
        for state in await_verified(identity, seconds):
            status.update(_summary(state))
    screen.print(_summary(state), soft_wrap=True)


def _summary(state: IdentityState) -> str:
    parts = [f"{state.name} in {state.region}: {'verified' if state.verified else 'not verified yet'}"]
    if state.is_domain:
        parts.append(f"DKIM {state.dkim_status}")
    if state.mail_from:
        parts.append(f"MAIL FROM {state.mail_from} {state.mail_from_status}")
    return ", ".join(parts)
