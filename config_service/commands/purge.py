"""Remove recorded events that are older than EVENT_RETENTION_DAYS."""

import argparse
import sys

from config_service.commands.opened import opened
from config_service.services.retention import Purged
from config_service.settings import ConfigSettings
from shared.errors import SettingsError

HELP = "remove events older than EVENT_RETENTION_DAYS, now"
_TOLD = 50_000  # events between two lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="count them and remove nothing")


def run(settings: ConfigSettings, options: argparse.Namespace) -> None:
    if settings.event_retention_days is None:
        raise SettingsError(
            "EVENT_RETENTION_DAYS is not set: events are kept, so that there is none to remove"
        )
    purged, told = Purged(0, 0), 0
    with opened(settings) as services:
        for purged in services.retention.run(dry=options.dry_run):
            if purged.seen - told >= _TOLD:
                told = purged.seen
                print(f"looked at {purged.seen:,} events, {purged.removed:,} of them due", file=sys.stderr)
        held = services.retention.held()
    print(f"{'Would remove' if options.dry_run else 'Removed'} {purged.removed:,} events.")
    if held:
        print(f"{held:,} held events are older and stay until they are applied, assigned or dismissed.")
