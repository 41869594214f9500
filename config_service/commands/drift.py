"""Compare our suppression lists with SES's own, account by account, and repair what drifted apart."""

import argparse
import getpass
import json
import sys
from collections.abc import Iterator

from config_service.commands.drift_report import DriftReportScreen
from config_service.commands.opened import opened
from config_service.providers.aws_setup.iam_policy import iam_policy
from config_service.providers.suppressed_destinations import permissions
from config_service.services.drift.document import drift_document, repair_document
from config_service.services.drift.drift import Drift, DriftReport
from config_service.services.drift.repair import Wish
from config_service.services.principal import SERVICE, Principal
from config_service.settings import ConfigSettings
from shared.errors import ServiceError

HELP = "compare our suppression lists with SES's account-level ones, and repair what differs"

# As the doctor's: 0 the same, 1 something differs, 3 could not look.
SAME, DIFFERS, COULD_NOT_LOOK = 0, 1, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--clinic", metavar="ID", help="the account that this clinic sends from")
    whom.add_argument("--all", action="store_true", help="the platform's account and every clinic's")
    whom.add_argument("--print-policy", action="store_true", help="print the IAM policy that repairs need")
    parser.add_argument(
        "--repair", action="store_true", help="show what would be repaired; with --yes, do it"
    )
    parser.add_argument(
        "--put-to-ses", action="store_true", help="with --repair: put ours on SES's list, too"
    )
    parser.add_argument("--yes", action="store_true", help="with --repair: change both lists")
    parser.add_argument("--json", action="store_true", help="one JSON object an account; masked as well")
    parser.add_argument("--actor", metavar="NAME", help="who stands in the audit trail (default: your login)")


def run(settings: ConfigSettings, options: argparse.Namespace) -> int:
    if options.print_policy:
        print(json.dumps(iam_policy(permissions(changing=True)), indent=2))
        return SAME
    actor = Principal(f"command:{options.actor or getpass.getuser()}", SERVICE)
    codes = [SAME]
    try:
        with opened(settings) as services:
            drift = services.loop.drift
            codes.extend(_handled(drift, each, options, actor) for each in _reports(drift, options, actor))
    except ServiceError as error:
        codes.append(_could_not(error.message, error.hint))
    return max(codes)


def _reports(
    drift: Drift, options: argparse.Namespace, actor: Principal
) -> Iterator[DriftReport | ServiceError]:
    if options.clinic:
        yield drift.report(options.clinic, actor)
        return
    accounts, unknown = drift.finder.every()
    for clinic_id, why in unknown.items():
        yield ServiceError(f"{clinic_id}: {why}", hint="")
    for lists in accounts:
        try:
            yield drift.compare(lists)
        except ServiceError as error:  # the other accounts can be looked at all the same
            yield ServiceError(f"{lists.account_id} in {lists.region}: {error.message}", hint=error.hint)


def _handled(
    drift: Drift, report: DriftReport | ServiceError, options: argparse.Namespace, actor: Principal
) -> int:
    if isinstance(report, ServiceError):
        return _could_not(report.message, report.hint)
    wish = Wish(dry_run=not options.yes, put_to_ses=options.put_to_ses)
    repaired = drift.repair(report, actor, wish) if options.repair else None
    if options.json:
        repair = {"repair": repair_document(repaired)} if repaired else {}
        print(json.dumps({**drift_document(report), **repair}), flush=True)
    else:
        DriftReportScreen().show(report, repaired)
    if repaired and not repaired.dry_run:
        return DIFFERS if repaired.left else SAME
    return DIFFERS if report.difference.matters else SAME


def _could_not(message: str, hint: str) -> int:
    print(f"{message} {hint}".strip(), file=sys.stderr)
    return COULD_NOT_LOOK
