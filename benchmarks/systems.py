"""What is measured: ours and the others, all started fresh for a round."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial

from benchmarks import stores
from benchmarks.gunicorn_servers import PEERS_PYTHON, PLAIN, GunicornServers
from benchmarks.messages import AMAZON_ORIGIN, CERTIFICATE_PATH
from benchmarks.ours import SERVICES, OurStack
from benchmarks.postgres_server import fresh_database
from benchmarks.servers.event_table import make_table
from benchmarks.ses_documents import TOPIC_ARN
from benchmarks.stores import Stored

SECRET = "sns:only-of-the-benchmark"  # noqa: S105 - proves nothing outside of it
SECRET_HEADER = "Basic c25zOm9ubHktb2YtdGhlLWJlbmNobWFyaw=="  # noqa: S105 - the same in base64


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the systems find around them."""

    certificate: bytes
    certificate_origin: str
    postgres: str
    our_workers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Running:
    """A system that takes messages at `url`; `end` stops it and counts what it stored, if it stores."""

    url: str
    workers: dict[str, list[int]]
    end: Callable[[], Stored | None]
    ready_after: dict[str, float] = field(default_factory=dict)


Start = Callable[[Surroundings], AbstractContextManager[Running]]


@dataclass(frozen=True, slots=True)
class System:
    """One line of the table of systems."""

    key: str
    label: str
    does: str
    start: Start
    signature_version: str = "2"
    origin: str | None = None  # of the certificate; None: this run's own server
    authorization: str = ""
    stores: bool = True  # else it may be sent a message twice


@contextmanager
def _ours(surroundings: Surroundings, on_postgres: bool = False) -> Iterator[Running]:
    with OurStack(surroundings.certificate_origin) as stack:
        if on_postgres:
            with fresh_database(surroundings.postgres) as url:
                yield _running(stack, url)
                stack.stop()
        else:
            yield _running(stack, None)


def _running(stack: OurStack, database_url: str | None) -> Running:
    stack.start(database_url)

    def end() -> Stored:
        stack.stop()
        return stores.ours(stack.database_url)

    workers = {service: stack.worker_pids(service) for service in SERVICES}
    return Running(stack.events_url, workers, end, dict(stack.ready_after))


@contextmanager
def _webhook_alone(surroundings: Surroundings) -> Iterator[Running]:
    own = {"INTERNAL_API_TOKEN": "unused"}
    with OurStack(surroundings.certificate_origin, more_environment=own) as stack:
        stack.start_webhook_service("benchmarks.servers.webhook_alone:create()")
        workers = {"webhook_service": stack.worker_pids("webhook_service")}
        yield Running(stack.events_url, workers, stack.stop)


@contextmanager
def _django(surroundings: Surroundings, site: str, workers: tuple[str, ...]) -> Iterator[Running]:
    with GunicornServers() as servers:
        file = servers.directory / "events.db"
        make_table(file)
        environment = {
            "EVENTS_FILE": str(file),
            "TOPIC_ARN": TOPIC_ARN,
            "CERTIFICATE_URL": AMAZON_ORIGIN + CERTIFICATE_PATH,
            "CERTIFICATE": surroundings.certificate.decode(),
            "WEBHOOK_SECRET": SECRET,
        }
        application = f"benchmarks.servers.{site}:application"
        url = servers.serve(application, workers, environment, PEERS_PYTHON)

        def end() -> Stored:
            servers.processes.stop()
            return stores.django(file)

        yield Running(url, servers.worker_pids(), end)


@contextmanager
def _bare(surroundings: Surroundings, workers: tuple[str, ...] | None) -> Iterator[Running]:
    with GunicornServers() as servers:
        url = servers.serve("benchmarks.servers.bare:app", workers or surroundings.our_workers, {})
        yield Running(url, servers.worker_pids(), servers.processes.stop)


@contextmanager
def _two_hops(surroundings: Surroundings) -> Iterator[Running]:
    with GunicornServers() as servers:
        second = servers.serve("benchmarks.servers.bare:app", surroundings.our_workers, {})
        more = {"SECOND_HOP_URL": second}
        url = servers.serve("benchmarks.servers.first_hop:app", surroundings.our_workers, more)
        yield Running(url, servers.worker_pids(), servers.processes.stop)


_VERIFIED = "verified, one durable row each"
_DJANGO_SES = partial(_django, site="django_ses_site", workers=PLAIN)
_storing_nothing = partial(System, stores=False)
_ANYMAIL = partial(_django, site="anymail_site", workers=PLAIN)

# django-ses verifies signatures of version 1 alone, so it is sent those.
SYSTEMS = (
    System("ours_sqlite", "ours, SQLite", f"two services, {_VERIFIED}", _ours),
    System(
        "ours_postgresql", "ours, PostgreSQL", f"two services, {_VERIFIED}", partial(_ours, on_postgres=True)
    ),
    System("django_ses", "django-ses, SQLite", _VERIFIED, _DJANGO_SES, "1", AMAZON_ORIGIN),
    System(
        "anymail",
        "django-anymail, SQLite",
        "no signature verified (basic auth instead), one durable row each",
        _ANYMAIL,
        authorization=SECRET_HEADER,
    ),
    _storing_nothing("bare", "bare Flask, our workers", "parses, answers", partial(_bare, workers=None)),
    _storing_nothing(
        "bare_plain", "bare Flask, 2 sync workers", "parses, answers", partial(_bare, workers=PLAIN)
    ),
    _storing_nothing("two_hops", "two bare Flask hops, our workers", "posts on, parses, answers", _two_hops),
    _storing_nothing(
        "webhook_alone", "our webhook without the internal call", "verified, not stored", _webhook_alone
    ),
)
