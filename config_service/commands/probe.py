"""Try a clinic's feedback loop with three mails to SES's mailbox simulator."""

import argparse
import getpass
import json
import sys
import time

from rich.console import Console
from rich.markup import escape

from config_service.commands.opened import opened
from config_service.commands.setup_report import console
from config_service.services.principal import SERVICE, Principal
from config_service.services.probe.document import probe_document
from config_service.services.probe.probe import Probe
from config_service.services.probe.trail import EVENT, LOST, PASSED, WAITING, MailTrail, ProbeTrail
from config_service.settings import ConfigSettings
from shared.errors import ServiceError

HELP = "send to SES's mailbox simulator as a clinic, and follow each mail to its event"
WAIT_SECONDS = 60
POLL = 0.25  # seconds

# As the doctor's: 0 well, 2 broken, 3 could not be tried.
EXIT_CODES = {PASSED: 0, WAITING: 2, LOST: 2}
COULD_NOT_TRY = 3

_COLOURS = {PASSED: "green", WAITING: "yellow", LOST: "bold red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clinic", metavar="ID", required=True, help="by whose settings to send")
    wait = f"how long to wait for the events (default: {WAIT_SECONDS})"
    parser.add_argument("--wait", metavar="SECONDS", type=int, default=WAIT_SECONDS, help=wait)
    parser.add_argument("--json", action="store_true", help="print what the API answers")
    parser.add_argument("--actor", metavar="NAME", help="who stands in the audit trail (default: your login)")


def run(settings: ConfigSettings, options: argparse.Namespace) -> int:
    actor = Principal(f"command:{options.actor or getpass.getuser()}", SERVICE)
    try:
        with opened(settings) as services:
            trail = _followed(services.loop.probe, options, actor)
    except ServiceError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return COULD_NOT_TRY
    if options.json:
        print(json.dumps(probe_document(trail)))
    else:
        _show(trail, options.clinic)
    return EXIT_CODES[trail.status]


def _followed(probe: Probe, options: argparse.Namespace, actor: Principal) -> ProbeTrail:
    """Start a probe, wait for the end of its trail, and tidy up whatever happens."""
    screen = Console(stderr=True)
    started = trail = probe.start(options.clinic, actor)
    deadline = time.monotonic() + options.wait
    try:
        with screen.status("waiting for the events"):
            while trail.status == WAITING and time.monotonic() < deadline:
                time.sleep(POLL)
                trail = probe.show(options.clinic, started.probe_id)
    finally:
        cleared = probe.clear(options.clinic, started.probe_id, actor)
    return _with_refusals(cleared, started)


def _with_refusals(trail: ProbeTrail, started: ProbeTrail) -> ProbeTrail:
    """Return the trail with SES's own words about what it refused, which are not stored."""
    mails = tuple(
        first if first.status == LOST else mail
        for mail, first in zip(trail.mails, started.mails, strict=True)
    )
    return ProbeTrail(trail.probe_id, trail.started_at, mails)


def _show(trail: ProbeTrail, clinic_id: str) -> None:
    screen = console()
    for mail in trail.mails:
        screen.print(f"[{_COLOURS[mail.status]}]{mail.mailbox:<10}[/] {escape(_way(mail))}", soft_wrap=True)
        if mail.loss:
            screen.print(f"{'':10} {escape(mail.loss.message)}", soft_wrap=True)
            screen.print(f"{'':10} [italic]{escape(mail.loss.hint)}[/]", soft_wrap=True)
        elif mail.status == WAITING:
            text = f"Still on its way. Examine the rest: python -m config_service doctor --clinic {clinic_id}"
            screen.print(f"{'':10} {escape(text)}", soft_wrap=True)
    colour = _COLOURS[trail.status]
    screen.print(f"[{colour}]{trail.status}[/]: probe {trail.probe_id} of {escape(clinic_id)}")


def _way(mail: MailTrail) -> str:
    hops = []
    for hop in mail.hops:
        name = f"{mail.event} event" if hop.name == EVENT else hop.name
        hops.append(name if hop.after_ms is None else f"{name} {hop.after_ms / 1000:.1f} s")
    if mail.loss:
        hops.append(f"lost ({mail.loss.code})")
    elif mail.status == WAITING:
        hops.append("?")
    return " -> ".join(hops)
