"""Commands: python -m config_service migrate | reseal | sweep | token."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import jwt

from config_service.app import create_services
from config_service.services.principal import ROLES, SUPER_ADMIN
from config_service.services.services import Services
from config_service.settings import ConfigSettings, read_settings
from config_service.storage.database import Database
from config_service.storage.migrating import migrate
from shared.errors import ServiceError, SettingsError
from shared.logging import configure_logging
from shared.settings import environment

TOKEN_HOURS = 12


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(environment(Path(".env")))
        configure_logging("WARNING")
        _COMMANDS[options.command](settings, options)
    except ServiceError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return 1
    return 0


def _migrate(settings: ConfigSettings, _: argparse.Namespace) -> None:
    with closing(Database(settings.database_url)) as database:
        applied = migrate(database)
    print("\n".join(f"applied {name}" for name in applied) or "The database is up to date.")


def _reseal(settings: ConfigSettings, _: argparse.Namespace) -> None:
    with _services(settings) as services:
        for progress in services.resealing.run():
            print(f"sealed anew: {progress.count} {progress.what}", flush=True)
    print(f"Everything is under key {settings.credentials_keys[0].id}; older keys can be taken away.")


def _sweep(settings: ConfigSettings, _: argparse.Namespace) -> None:
    with _services(settings) as services:
        print("Done." if services.sweep.run() else "Another process is at it.")


@contextmanager
def _services(settings: ConfigSettings) -> Iterator[Services]:
    services = create_services(settings)
    with closing(services.repositories.database):
        yield services


def _token(settings: ConfigSettings, options: argparse.Namespace) -> None:
    if settings.production or settings.jwt.secret is None:
        raise SettingsError("Tokens are made here in development only, with JWT_SECRET.")
    claims = {
        "sub": options.subject,
        "role": options.role,
        "clinicIds": options.clinic,
        "exp": int(time.time()) + TOKEN_HOURS * 3600,
    }
    claims |= {"iss": settings.jwt.issuer} if settings.jwt.issuer else {}
    claims |= {"aud": settings.jwt.audience} if settings.jwt.audience else {}
    print(jwt.encode(claims, settings.jwt.secret, algorithm="HS256"))


_COMMANDS = {"migrate": _migrate, "reseal": _reseal, "sweep": _sweep, "token": _token}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config_service")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring the database to the newest version")
    commands.add_parser("reseal", help="bring everything sealed under the first key of CREDENTIALS_KEYS")
    commands.add_parser("sweep", help="seal direct updates and try held events again, now")
    token = commands.add_parser("token", help="print a bearer token for development")
    token.add_argument("--subject", default="developer")
    token.add_argument("--role", choices=ROLES, default=SUPER_ADMIN)
    token.add_argument(
        "--clinic", action="append", default=[], help="a clinic id; may be given several times"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
