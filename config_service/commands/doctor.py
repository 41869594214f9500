"""Examine a clinic, all of them, or the platform's own account, and say how to mend what is wrong."""

import argparse
import json
import sys
from collections.abc import Iterator

from config_service.commands.doctor_report import DoctorReport
from config_service.commands.opened import opened
from config_service.providers.aws_health.permissions import ACTIONS
from config_service.providers.aws_setup.iam_policy import iam_policy
from config_service.providers.aws_setup.resource import Permission
from config_service.services.doctor.document import report_document
from config_service.services.doctor.finding import Report, Status, worst
from config_service.services.doctor.guide import guide
from config_service.services.services import Services
from config_service.settings import ConfigSettings
from shared.errors import ServiceError

HELP = "name what is wrong with a clinic's mail and its events, and how to mend it"

# As monitoring plugins end: https://www.monitoring-plugins.org/doc/guidelines.html#AEN78
EXIT_CODES = {Status.PASS: 0, Status.WARN: 1, Status.FAIL: 2, Status.UNKNOWN: 3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    whom = parser.add_mutually_exclusive_group()
    whom.add_argument("--clinic", metavar="ID", help="one clinic (default: the platform's own account)")
    whom.add_argument("--all", action="store_true", help="the platform's own account and every clinic")
    whom.add_argument("--guide", action="store_true", help="print docs/troubleshooting.md, and ask nobody")
    policy = "print the IAM policy that lets the doctor see everything, and ask nobody"
    whom.add_argument("--print-policy", action="store_true", help=policy)
    parser.add_argument("--json", action="store_true", help="one JSON object a line, as the API answers")


def run(settings: ConfigSettings, options: argparse.Namespace) -> int:
    if options.guide:
        print(guide(), end="")
        return 0
    if options.print_policy:
        print(json.dumps(iam_policy([Permission(ACTIONS)]), indent=2))
        return 0
    statuses: list[Status] = []
    try:
        with opened(settings) as services:
            statuses.extend(_shown(report, as_json=options.json) for report in _reports(services, options))
    except ServiceError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        statuses.append(Status.UNKNOWN)
    return EXIT_CODES[worst(statuses)]


def _reports(services: Services, options: argparse.Namespace) -> Iterator[Report]:
    if options.all:
        yield from services.doctor.of_all()
    elif options.clinic:
        yield services.doctor.of_clinic(options.clinic)
    else:
        yield services.doctor.of_platform()


def _shown(report: Report, *, as_json: bool) -> Status:
    if as_json:
        print(json.dumps(report_document(report)), flush=True)
    else:
        DoctorReport().show(report)
    return report.status
