"""Bring every address's hash under the newest key."""

import argparse

from config_service.commands import progress
from config_service.commands.opened import opened
from config_service.settings import ConfigSettings

HELP = "bring addresses' hashes under the first key of ADDRESS_HASH_KEYS, and say which keys can go"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", action="store_true", help="change nothing, and count each key's hashes")


def run(settings: ConfigSettings, options: argparse.Namespace) -> int:
    keys = settings.address_hash_keys
    with opened(settings) as services:
        if not options.count:
            progress.show(services.rehashing.run(), "hashed anew")
        left = services.rehashing.left()
        for key in keys[1:]:
            if not (options.count or left[key.id]):
                services.rehashing.retire(key.id)
    all_current = progress.verdict("ADDRESS_HASH_KEYS", keys, left)
    if not all_current:
        print("What is left belongs to erased people, or does not open: nobody can make its hash anew.")
    return 0 if all_current else 1
