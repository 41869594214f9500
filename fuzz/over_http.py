"""The long run over HTTP: real gunicorn processes of both services, asked over several connections."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

import schemathesis

from benchmarks.certificate_server import CertificateServer
from benchmarks.ours import OurStack
from fuzz import feedback_events
from fuzz.answers import faults
from fuzz.api_calls import ASK_AWS, SEND, ApiCalls
from fuzz.applications import NEVER, OF_SNS, UNLIMITED, tokens
from fuzz.exchanges import Answer, Request
from fuzz.openapi_cases import ask_every_operation
from fuzz.progress import Progress
from fuzz.shards import Report, chance
from fuzz.sns_messages import TOPIC, SnsMessages

SECONDS_PER_INPUT = 15.0  # after which SNS gives up
_CONNECTIONS = 4
_PIECE = 100
_LEFT_ALONE = (*ASK_AWS, *SEND)


@dataclass(frozen=True)
class _Place:
    """A service, what is asked of it, and the 503s that are documented."""

    url: str
    make: Callable[[Random], Request]
    documented: frozenset[str]


@contextmanager
def services() -> Iterator[tuple[OurStack, SnsMessages]]:
    """Start both services over a SQLite file, with one place that the certificate is fetched from."""
    unsigned = SnsMessages()
    with CertificateServer(unsigned.certificate) as server:
        sns = SnsMessages(server.origin, unsigned.key)
        environment = {"AWS_SNS_TOPIC_ARN": TOPIC, "LOG_LEVEL": "ERROR", **UNLIMITED}
        with OurStack(server.origin, clinics=3, more_environment=environment) as stack:
            stack.start()
            yield stack, sns


def run(inputs: int, seed: int, say: Callable[[str], None]) -> list[Report]:
    """Ask `inputs` over HTTP and return a report a target."""
    with services() as (stack, sns):
        progress, lock = Progress("over HTTP", inputs, say), threading.Lock()
        places, own = _places(stack, sns), inputs
        # Its share may fall short: some operations can be asked in a few ways only. The others ask the rest.
        for report in _from_schema(stack, inputs // 5):
            progress.add(report)
            own -= report.inputs

        def piece(number: int) -> None:
            name = list(places)[number % len(places)]
            first = number * _PIECE
            report = _ask_all(name, places[name], seed, range(first, min(first + _PIECE, own)))
            with lock:
                progress.add(report)

        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            list(pool.map(piece, range(-(-own // _PIECE))))
        stack.processes.require_alive()
        progress.add(_logs(stack))
        return progress.finished()


def _from_schema(stack: OurStack, inputs: int) -> Iterator[Report]:
    """Have schemathesis ask every operation of the public API, and yield a report each."""
    schema = schemathesis.openapi.from_url(f"{stack.config_url}/openapi.json")
    operations = schema.statistic.operations.selected
    headers = {"Authorization": f"Bearer {stack.token()}"}
    call = {"base_url": stack.config_url, "headers": headers, "timeout": SECONDS_PER_INPUT}
    for asked in ask_every_operation(schema, NEVER, -(-inputs // operations), _LEFT_ALONE, **call):
        faults = [f"{asked.operation} {fault}" for fault in asked.faults]
        yield Report("schemathesis", asked.times, asked.statuses, faults)


def _places(stack: OurStack, sns: SnsMessages) -> dict[str, _Place]:
    document = json.loads(_get(stack.config_url, "/openapi.json"))
    secret = (stack.var / "jwt_secret").read_text().strip()
    calls = ApiCalls(document, tokens(secret), without=_LEFT_ALONE)
    record = (stack.var / "internal_api_token_record").read_text().strip()
    send = (stack.var / "internal_api_token_send").read_text().strip()

    def internal(rng: Random) -> Request:
        recording = rng.random() < 0.8
        return feedback_events.recording(rng, record) if recording else feedback_events.asking(rng, send)

    return {
        "webhook/http": _Place(stack.webhook_url, sns.request, OF_SNS),
        "api/http": _Place(stack.config_url, calls.request, NEVER),
        "internal/http": _Place(stack.config_url, internal, NEVER),
        "webhook again": _Place(stack.webhook_url, sns.request, OF_SNS),
    }


def _ask_all(name: str, place: _Place, seed: int, numbers: range) -> Report:
    report = Report(name)
    connection = http.client.HTTPConnection(urlsplit(place.url).netloc, timeout=SECONDS_PER_INPUT)
    for number in numbers:
        request = place.make(chance(seed, name, number))
        where = f"{name} {number} (seed {seed}): {request}"
        report.inputs += 1
        try:
            answer = _patiently(connection, request)
        except (OSError, http.client.HTTPException) as error:
            report.faults.append(f"{where}\n  {type(error).__name__}: {error}")
            connection.close()
            continue
        report.statuses[answer.status] += 1
        report.faults += [f"{where}\n  {fault}" for fault in faults(request, answer, place.documented)]
    connection.close()
    return report


def _patiently(connection: http.client.HTTPConnection, request: Request) -> Answer:
    """Ask, and once more on a new connection: a server may end a kept one, as behind a large unread body."""
    kept = connection.sock is not None
    try:
        return _exchange(connection, request)
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        connection.close()
        if not kept:
            raise
        return _exchange(connection, request)


def _exchange(connection: http.client.HTTPConnection, request: Request) -> Answer:
    target = request.path + (f"?{request.query}" if request.query else "")
    connection.request(request.method, target, request.body or None, request.headers)
    response = connection.getresponse()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def _get(url: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS_PER_INPUT)
    return _exchange(connection, Request("GET", path)).body


def _logs(stack: OurStack) -> Report:
    """Report what the services logged as errors: what went wrong inside though the answer looked well."""
    report = Report("logs")
    for service in ("config_service", "webhook_service"):
        lines = [line for line in stack.log_text(service).splitlines() if '"error"' in line]
        report.faults += [f"{service} logged: {line[:2000]}" for line in lines[:5]]
    return report
