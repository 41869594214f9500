"""What each fault does to the running processes, and what must be seen before it is lifted."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from chaos import disk, plan
from chaos.clock import Clock
from chaos.links import Link, Links
from chaos.plan import Fault
from chaos.postgres import Postgres
from chaos.sender import Sender
from chaos.services import CONFIG, WEBHOOK, Services

_ANSWERS_LOST = 8  # at a time
_VICTIM_SECONDS = 10  # within which there is somebody to be killed
_FULL_SECONDS = 20  # within which a full disk has been noticed
_FILL_EVERY = 0.2  # seconds
_REFUSALS_SEEN = 3  # answers of 503 before the disk has room again


class ChaosError(Exception):
    """The run cannot go on, or showed something that must not be."""


@dataclass
class Strikes:
    """Strikes one fault after the other and counts them by kind."""

    services: Services
    sender: Sender
    links: Links
    sns: Link
    internal: Link
    database: Link | None
    postgres: Postgres | None
    clock: Clock
    idle: Callable[[], None]
    struck: Counter[str] = field(default_factory=Counter)
    _fill: Callable[[], object] | None = None
    _filled: float = 0
    _full_since: float = 0
    _refused_before: int = 0
    _sent_before: int = 0

    @property
    def full(self) -> bool:
        """Whether a disk is full now."""
        return self._fill is not None

    @property
    def full_for(self) -> int:
        """For how many publications it has been full."""
        return self.sender.sent - self._sent_before if self.full else 0

    @property
    def answers_lost(self) -> int:
        """How many answers have got lost on all links."""
        return sum(link.answers_lost for link in (self.sns, self.internal, self.database) if link)

    def strike(self, fault: Fault) -> None:
        """Do what the fault says."""
        self._actions()[fault.kind](fault.choice)
        self.struck[fault.kind] += 1

    def look(self) -> None:
        """Give a full disk room again once it was answered with 503; raise ChaosError where it never is."""
        if self._fill is None:
            return
        if self.sender.tally.codes[503] - self._refused_before >= _REFUSALS_SEEN:
            self.lift()
        elif time.monotonic() - self._full_since > _FULL_SECONDS:
            self.lift()
            raise ChaosError("A full disk was not answered with 503.")
        elif time.monotonic() - self._filled > _FILL_EVERY:
            self._fill_now()

    def end(self) -> None:
        """End what would go on: answers that are still to be lost, and a clock that is not true."""
        for link in (self.sns, self.internal, self.database):
            if link:
                self.links.swallow(link, 0)
        self.clock.step(0)

    def lift(self) -> None:
        """Give every disk its room again."""
        disk.free(self._config_service())
        if self.postgres:
            self.postgres.limit_files("unlimited")
        self.services.pages_file.write_text(str(disk.UNLIMITED_PAGES))
        self._fill = None

    def _actions(self) -> dict[str, Callable[[int], None]]:
        return {
            plan.CONFIG_WORKER: lambda choice: self._kill(lambda: self.services.workers(CONFIG), choice),
            plan.CONFIG_MASTER: lambda choice: self._kill(lambda: [self.services.master(CONFIG)], choice),
            plan.CONFIG_ALL: lambda _: self.services.kill_all(CONFIG),
            plan.WEBHOOK_WORKER: lambda choice: self._kill(lambda: self.services.workers(WEBHOOK), choice),
            plan.WEBHOOK_MASTER: lambda choice: self._kill(lambda: [self.services.master(WEBHOOK)], choice),
            plan.WEBHOOK_ALL: lambda _: self.services.kill_all(WEBHOOK),
            plan.COURIER: lambda _: self.sender.kill(),
            plan.BACKEND: lambda choice: self._kill(self._server().backends, choice),
            plan.RESTART: lambda _: self._server().restart(),
            plan.CUT_SNS: lambda _: self.links.cut(self.sns),
            plan.CUT_INTERNAL: lambda _: self.links.cut(self.internal),
            plan.CUT_DATABASE: lambda _: self.links.cut(self._database_link()),
            plan.SWALLOW_SNS: lambda _: self.links.swallow(self.sns, _ANSWERS_LOST),
            plan.SWALLOW_INTERNAL: lambda _: self.links.swallow(self.internal, _ANSWERS_LOST),
            plan.SWALLOW_DATABASE: lambda _: self.links.swallow(self._database_link(), _ANSWERS_LOST),
            plan.DISK_FULL: lambda _: self._begin_to_fill(self._fill_disk),
            plan.DATABASE_FULL: lambda _: self._begin_to_fill(self._fill_database),
            plan.CLOCK: self.clock.step,
        }

    def _kill(self, candidates: Callable[[], Sequence[int]], choice: int) -> None:
        """Kill one of the candidates, once there is any: they may just be starting."""
        give_up_at = time.monotonic() + _VICTIM_SECONDS
        while time.monotonic() < give_up_at:
            if found := candidates():
                with suppress(ProcessLookupError):
                    os.kill(found[choice % len(found)], signal.SIGKILL)
                    return
            self.idle()
        raise ChaosError("There was nobody to be killed: a service did not come back.")

    def _begin_to_fill(self, fill: Callable[[], object]) -> None:
        self._refused_before, self._sent_before = self.sender.tally.codes[503], self.sender.sent
        self._full_since = time.monotonic()
        self._fill = fill
        self._fill_now()

    def _fill_now(self) -> None:
        """Fill it, also for processes that have started meanwhile."""
        assert self._fill is not None
        self._filled = time.monotonic()
        self._fill()

    def _fill_database(self) -> None:
        self.services.pages_file.write_text("1")

    def _fill_disk(self) -> None:
        """Of the database's files, and of config_service's logs and metrics."""
        disk.fill(self._config_service())
        if self.postgres:
            self.postgres.limit_files(str(disk.LIMIT))

    def _config_service(self) -> list[int]:
        return [self.services.master(CONFIG), *self.services.workers(CONFIG)]

    def _server(self) -> Postgres:
        assert self.postgres is not None
        return self.postgres

    def _database_link(self) -> Link:
        assert self.database is not None
        return self.database
