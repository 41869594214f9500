"""Texts that must not turn up where they do not belong, and every form in which they might."""

import base64
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from shared.logging import configure_logging

MARK = "CanaryQ7x9vKwz"  # in every canary, so that a part of one is found as well
SECRET = f"{MARK}SecretAccessKey/wJalrXUtnFEMI+K7MDENG"
PASSWORD = f"{MARK}-smtp-password-§"
TOKEN = f"{MARK}-token-of-a-messaging-provider"
PATIENT = f"{MARK}.patient@private-mailbox.example"
BOUNCED = f"{MARK}.bounced@private-mailbox.example"
IMPORTED = f"{MARK}.imported@private-mailbox.example"
LISTED = f"{MARK}.listed@private-mailbox.example"
SUBJECT = f"{MARK} your results of the blood test"
NOTE = f"{MARK} the daughter called about the mother"
NAME = f"{MARK} Jané Doe"


def forms(text: str) -> dict[str, bytes]:
    """Return how a text may be spelt in a file, a log or an answer."""
    raw = text.encode()
    encoded = {
        # Where in a longer text it stands decides how base64 spells it: one of three ways, but for the ends.
        f"base64 at {offset}": base64.b64encode(b"-" * offset + raw).rstrip(b"=")[4 * bool(offset) : -2]
        for offset in range(3)
    }
    return {
        "plain": raw,
        "lower case": text.lower().encode(),
        "upper case": text.upper().encode(),
        "in a URL": quote(text, safe="").encode(),
        "in JSON": json.dumps(text)[1:-1].encode(),
        "in JSON in JSON": json.dumps(json.dumps(text))[3:-3].encode(),
        "in hexadecimal": raw.hex().encode(),
        "as bytes of Python": repr(raw)[2:-1].encode(),
        **encoded,
    }


def spotted(where: bytes | str, *texts: str) -> set[tuple[str, str]]:
    """Return (text, form) of what is to be found there: of `texts`, else of what all canaries begin with."""
    haystack = where.encode("utf-8", "surrogateescape") if isinstance(where, str) else where
    return {
        (text, form) for text in texts or (MARK,) for form, spelt in forms(text).items() if spelt in haystack
    }


@contextmanager
def logging_as_before() -> Iterator[None]:
    """Undo at the end what a service, or a test, makes of the root logger."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    yield
    root.level, root.handlers[:] = before


def everything_logged(capsys: Any) -> Callable[[], str]:
    """Log everything there is, to the standard error that capsys has put in place; return what reads it."""
    configure_logging("DEBUG")
    said: list[str] = []

    def read() -> str:
        said.append(capsys.readouterr().err)
        return "".join(said)

    return read


def stored(url: str, tables: list[str]) -> bytes:
    """Return the database's files (SQLite), its log among them, or every row of its tables (PostgreSQL)."""
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:///"))
        return b"".join(found.read_bytes() for found in path.parent.glob(f"{path.name}*") if found.is_file())
    with psycopg.connect(url) as connection:
        return repr(
            [connection.execute(f"SELECT t::text FROM {name} t".encode()).fetchall() for name in tables]
        ).encode()
