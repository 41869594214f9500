"""One database under fire: publish, strike, recover, replay what was given up, and compare."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.certificate_server import CertificateServer
from chaos import clock as clocks
from chaos.clinics import LATE_CLINIC
from chaos.links import Links
from chaos.model import Acts, predict
from chaos.people import Platform
from chaos.plan import FILLING, POSTGRESQL, Fault, faults
from chaos.postgres import Postgres
from chaos.replay import replay
from chaos.report import Report
from chaos.sender import Parcel, Sender
from chaos.services import CONFIG, WEBHOOK, Services
from chaos.story import Publication, publications
from chaos.strikes import ChaosError, Strikes
from chaos.verdict import judge, recorded
from local_aws import envelopes
from local_aws.envelopes import EnvelopeMaker, Message
from local_aws.signing import MessageSigner
from scripts.processes import free_port, wait_for

_PATH = "/api/v1/webhooks/ses"
_TAIL = 50  # publications after the last fault
_WHILE_FULL = 80  # publications while a disk is full, at most
_PAUSE = 0.005  # seconds
_BETWEEN_QUESTIONS = 0.1  # seconds between two questions whether the services are ready
_SWEPT_SECONDS = 150  # within which what was held is applied, even if a process was killed as it swept


@dataclass(frozen=True, slots=True)
class Options:
    """How hard, how long and how often; seconds."""

    seed: int
    kills: int
    apart: int  # publications between two faults
    window: int  # publications in flight
    retries: int
    retry_delay: float
    limit: float
    webhook_workers: str = ""


Progress = Callable[[int, int, str], None]
"""Told how many publications are out, of how many, and what has just struck."""


class Campaign:
    """Runs against one database; `report` says what happened."""

    def __init__(self, options: Options, database: str, directory: Path, progress: Progress) -> None:
        """Take a directory of its own for everything that is written."""
        self._options = options
        self._directory = directory
        self._progress = progress
        library = clocks.library()
        self._plan = faults(options.seed, database, options.kills, options.apart, clock=library is not None)
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self._story = publications(options.seed, self._plan[-1].after + self._spare(), today)
        self._clock = clocks.Clock(directory / "clock", library)
        self._signer = MessageSigner()
        self._began = time.monotonic()
        self._on_postgres = database == POSTGRESQL
        self.report = Report(database, published=len(self._story))

    def _spare(self) -> int:
        """How many publications may be needed after the last fault."""
        return _TAIL + _WHILE_FULL * sum(fault.kind in FILLING for fault in self._plan)

    def run(self) -> None:
        """Do all of it; raise ChaosError where it cannot be brought to an end."""
        with self._running() as (services, strikes, sender, database_url):
            platform = Platform(services.url(CONFIG), services.session())
            acts = platform.prepare()
            self._fire(services, strikes, sender)
            self._recover(services, strikes, sender)
            self._note(services, strikes, sender)
            self._replay(services, sender)
            self._compare(platform, acts, database_url)
            self.report.seconds = time.monotonic() - self._began

    @contextmanager
    def _running(self) -> Iterator[tuple[Services, Strikes, Sender, str]]:
        with ExitStack() as stack:
            links = stack.enter_context(Links())
            self._origin = stack.enter_context(CertificateServer(self._signer.certificate_pem)).origin
            postgres = stack.enter_context(Postgres(self._directory)) if self._on_postgres else None
            database = links.open(postgres.front, postgres.socket) if postgres else None
            file_url = f"sqlite:///{self._directory / 'clinic_mail.db'}"
            services = Services(self._directory, self._clock)
            stack.callback(services.stop)
            services.start(CONFIG, {"DATABASE_URL": postgres.front_url if postgres else file_url})
            internal = links.open(("127.0.0.1", free_port()), services.address(CONFIG))
            config_url = f"http://127.0.0.1:{internal.port}"
            more = {"CONFIG_SERVICE_URL": config_url, "SNS_DEV_ORIGIN": self._origin}
            if self._options.webhook_workers:  # gunicorn does not start with an empty one
                more["WEB_CONCURRENCY"] = self._options.webhook_workers
            services.start(WEBHOOK, more)
            services.supervise()
            sns = links.open(("127.0.0.1", free_port()), services.address(WEBHOOK))
            options, log = self._options, self._directory / "courier.log"
            endpoint = f"http://127.0.0.1:{sns.port}{_PATH}"
            sender = Sender(endpoint, options.retries, options.retry_delay, log)
            stack.callback(sender.close)
            strikes = Strikes(
                services, sender, links, sns, internal, database, postgres, self._clock, self._idle
            )
            yield services, strikes, sender, postgres.url if postgres else file_url

    def _idle(self, seconds: float = _PAUSE) -> None:
        time.sleep(seconds)
        if time.monotonic() - self._began > self._options.limit:
            raise ChaosError(f"It was not over after {self._options.limit:.0f} s.")

    def _fire(self, services: Services, strikes: Strikes, sender: Sender) -> None:
        """Publish everything, and strike each fault in its turn; a full disk puts off those after it."""
        coming = list(reversed(self._plan))
        put_off = 0
        for number, publication in enumerate(self._story):
            self._await_room(strikes, sender)
            if coming and coming[-1].after + put_off <= number and not strikes.full:
                put_off = number - coming[-1].after
                self._strike(services, strikes, coming.pop(), number)
            sender.send(number, self._parcel(publication))
            self._progress(number + 1, len(self._story), "")
        if coming:
            raise ChaosError(f"A full disk was not noticed, and {len(coming)} faults had no turn.")

    def _await_room(self, strikes: Strikes, sender: Sender) -> None:
        strikes.look()
        while sender.in_flight >= self._options.window or strikes.full_for >= _WHILE_FULL:
            strikes.idle()
            strikes.look()

    def _strike(self, services: Services, strikes: Strikes, fault: Fault, number: int) -> None:
        """Strike, most often once what was struck before has recovered."""
        self._progress(number, len(self._story), fault.kind)
        while fault.waits and not services.ready():
            self._idle(_BETWEEN_QUESTIONS)
        strikes.strike(fault)

    def _recover(self, services: Services, strikes: Strikes, sender: Sender) -> None:
        """End every fault, and wait for the last delivery."""
        while strikes.full:
            strikes.idle()
            strikes.look()
        strikes.end()
        time.sleep(clocks.SECONDS_UNTIL_SEEN + _PAUSE)  # else a token seems to have expired
        while sender.in_flight or not services.ready():
            self._idle(_BETWEEN_QUESTIONS)

    def _replay(self, services: Services, sender: Sender) -> None:
        letters = list(sender.tally.dead.values())
        if letters:
            replay(letters, services.url(WEBHOOK) + _PATH, services.operators_environment())
        self.report.replayed = len(letters)

    def _compare(self, platform: Platform, acts: Acts, database_url: str) -> None:
        """Give the held events their clinic, and hold everything against the model."""
        predicted = predict(self._story, acts, datetime.now(UTC))
        platform.save(LATE_CLINIC)
        wait_for(lambda: platform.held() <= predicted.held, "the sweep to apply held events", _SWEPT_SECONDS)
        verdict = judge(predicted, recorded(database_url), platform.held(), platform.lists())
        self.report.judged(verdict)
        self.report.entries = sum(len(each) for each in predicted.suppressed.values())

    def _parcel(self, publication: Publication) -> Parcel:
        arn = f"{publication.topic_arn}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"
        message = Message(publication.topic_arn, publication.text, message_id=publication.message_id)
        version = "1" if publication.message_id < "8" else "2"
        envelope = EnvelopeMaker(self._signer, self._origin).seal(message, arn, version)
        return Parcel(envelopes.headers(message, arn), envelopes.body(envelope))

    def _note(self, services: Services, strikes: Strikes, sender: Sender) -> None:
        tally, report = sender.tally, self.report
        report.struck = strikes.struck
        report.restarts = services.restarts
        report.answers_lost = strikes.answers_lost
        report.acknowledged = len(tally.acknowledged)
        report.dead = len(tally.dead)
        report.tries = tally.tries
        report.codes = tally.codes
