"""What a sending service waits for: one address, or a thousand in one call, asked of the real server."""

import base64
import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.growth_operations import Call, median, timed
from benchmarks.growth_subjects import Subject
from benchmarks.ours import OurStack
from benchmarks.seeding import CREDENTIALS_KEYS, HASH_KEYS
from config_service.encryption import NamedKey
from shared.internal_api import SUPPRESSION_CHECK, authorization

_TOKEN = "the-token-of-a-benchmark-0123456789"  # noqa: S105 - of a server that lives for a minute
_ROUNDS = 40
_WARM_UP = 20  # rounds: each of the server's threads has a connection of its own
_SINGLE_CALLS = 5  # a round, beside one bulk call


@dataclass(frozen=True, slots=True)
class OverHttp:
    """Median microseconds of a call with one address, and of one with a thousand."""

    one: float
    thousand: float


def over_http(subject: Subject, url: str) -> OverHttp:
    """Measure both in turns, on one connection, against one worker on the database at `url`."""
    one: list[int] = []
    thousand: list[int] = []
    with _served(url) as address:
        connection = http.client.HTTPConnection(address)
        for number in range(_WARM_UP + _ROUNDS):
            singles = [_check(connection, subject, [subject.absent()[1]]) for _ in range(_SINGLE_CALLS)]
            bulk = _check(connection, subject, subject.many())
            times = [timed(call) for call in singles], timed(bulk)
            if number >= _WARM_UP:
                one += times[0]
                thousand.append(times[1])
        connection.close()
    return OverHttp(median(one), median(thousand))


def _check(connection: http.client.HTTPConnection, subject: Subject, addresses: list[str]) -> Call:
    """Return the call that asks whether the big clinic reaches these, up to the last byte of the answer."""
    path = SUPPRESSION_CHECK.format(clinic_id=subject.big_clinic)
    body = json.dumps({"addresses": addresses}).encode()
    headers = {**authorization(_TOKEN), "Content-Type": "application/json"}

    def call() -> None:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        if response.status != 200 or response.read().count(b'"email"') != len(addresses):
            raise RuntimeError(f"The check answered {response.status}.")

    return call


@contextmanager
def _served(database_url: str) -> Iterator[str]:
    settings = {
        "CREDENTIALS_KEYS": _text(CREDENTIALS_KEYS),
        "ADDRESS_HASH_KEYS": _text(HASH_KEYS),
        "INTERNAL_API_TOKENS": f"growth:send:{_TOKEN}",
        "WEB_CONCURRENCY": "1",
        "LOG_LEVEL": "WARNING",
    }
    with OurStack(certificate_origin="", more_environment=settings) as stack:
        stack.database_url = database_url
        stack.start_config_service()
        yield urlsplit(stack.config_url).netloc


def _text(keys: tuple[NamedKey, ...]) -> str:
    return ",".join(f"{key.id}:{base64.b64encode(key.secret).decode()}" for key in keys)
