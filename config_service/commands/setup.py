"""From an empty AWS account to a confirmed feedback loop, as often as it takes."""

import argparse
import getpass
import json
import os
import sys

from config_service.commands.opened import opened
from config_service.commands.setup_report import SetupReport
from config_service.providers.aws_setup.resource import Mode
from config_service.providers.webhook_endpoint import examine
from config_service.services.setup.applying import Patience, apply
from config_service.services.setup.composition import Composition, Purpose
from config_service.services.setup.names import DEFAULT_SETS
from config_service.services.setup.request import SetupRequest
from config_service.services.setup.setup import Setup
from config_service.settings import ConfigSettings

HELP = "make the SNS topic, its subscription, the dead-letter queue and what publishes to it at AWS"
WAIT_SECONDS = 300
INTERRUPTED = 130  # what a shell gives a program that Ctrl-C ended

_NAMES = (
    ("--endpoint", "URL", "the webhook: https://your-domain/api/v1/webhooks/ses"),
    ("--region", "REGION", "where SES sends (default: AWS_REGION; a clinic's is its own)"),
    ("--topic", "NAME", "the SNS topic (default: the one that is known, else healthcare-ses-events)"),
    ("--dead-letter-queue", "NAME", "the SQS queue (default: the topic's name and -dead-letters)"),
    ("--clinic", "ID", "make a topic of this clinic's own, with its credentials where it has some"),
)
_SWITCHES = (
    ("--shared-topic", "with --clinic: publish its mail's events to the shared topic"),
    ("--no-configuration-sets", "make none"),
    ("--no-identities", "leave the notifications of identities alone"),
    ("--replace", "take identity notifications over from another topic"),
)
_MODES = (
    ("--dry-run", "show the plan, and change nothing"),
    ("--remove", "take away what earlier runs made, and only that"),
    ("--print-policy", "print the least IAM policy that this very command needs, and do nothing"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for flag, shape, text in _NAMES:
        parser.add_argument(flag, metavar=shape, help=text)
    sets = f"a configuration set; may be given several times (default: {', '.join(DEFAULT_SETS)})"
    parser.add_argument("--configuration-set", metavar="NAME", action="append", help=sets)
    identities = "an identity whose notifications to set; may be given several times (default: the sender's)"
    parser.add_argument("--identity", metavar="NAME", action="append", help=identities)
    for flag, text in (*_SWITCHES, *_MODES):
        parser.add_argument(flag, action="store_true", help=text)
    wait = f"how long to wait for the confirmation (default: {WAIT_SECONDS}; 0: not at all)"
    parser.add_argument("--wait", metavar="SECONDS", type=int, default=WAIT_SECONDS, help=wait)
    parser.add_argument("--actor", metavar="NAME", help="who stands in the audit trail (default: your login)")


def run(settings: ConfigSettings, options: argparse.Namespace) -> int:
    request = _request(options)
    request.check(allow_http=not settings.production and "AWS_ENDPOINT_URL" in os.environ)
    try:
        with opened(settings) as services:
            _run(services.aws.setup, request, options)
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _run(setup: Setup, request: SetupRequest, options: argparse.Namespace) -> None:
    report = SetupReport()
    if options.print_policy:
        _print_policy(setup, request, options)
    elif options.remove:
        _remove(setup.compose(request, Purpose.REMOVE), report, dry=options.dry_run)
    else:
        _set_up(setup.compose(request), report, options)


def _set_up(composition: Composition, report: SetupReport, options: argparse.Namespace) -> None:
    report.warn(composition.warnings)
    if options.dry_run:
        report.table("Plan", composition.plan())
    else:
        report.progress(apply(composition, Patience(options.wait, examine)))
    report.settings(composition.env_lines)


def _remove(composition: Composition, report: SetupReport, *, dry: bool) -> None:
    if dry:
        report.table("Plan", composition.plan_removal())
    else:
        report.progress(composition.remove())


def _print_policy(setup: Setup, request: SetupRequest, options: argparse.Namespace) -> None:
    mode = Mode.SET_UP
    if options.dry_run:
        mode = Mode.SHOW
    elif options.remove:
        mode = Mode.REMOVE
    print(json.dumps(setup.compose(request, Purpose.POLICY).iam_policy(mode), indent=2))


def _request(options: argparse.Namespace) -> SetupRequest:
    sets = tuple(options.configuration_set or DEFAULT_SETS)
    identities = tuple(options.identity) if options.identity else None
    return SetupRequest(
        endpoint=options.endpoint,
        region=options.region,
        clinic_id=options.clinic,
        shared_topic=options.shared_topic,
        topic=options.topic,
        dead_letter_queue=options.dead_letter_queue,
        configuration_sets=() if options.no_configuration_sets else sets,
        identities=() if options.no_identities else identities,
        replace=options.replace,
        actor=options.actor or getpass.getuser(),
    )
