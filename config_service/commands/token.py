"""Print a bearer token for development."""

import argparse
import time

import jwt

from config_service.services.principal import ROLES, SUPER_ADMIN
from config_service.settings import ConfigSettings
from shared.errors import SettingsError

HELP = "print a bearer token for development"
TOKEN_HOURS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--subject", default="developer")
    parser.add_argument("--role", choices=ROLES, default=SUPER_ADMIN)
    parser.add_argument(
        "--clinic", action="append", default=[], help="a clinic id; may be given several times"
    )


def run(settings: ConfigSettings, options: argparse.Namespace) -> None:
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
