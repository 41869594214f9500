"""Which fault comes after how many publications: chosen by the seed alone, never by the clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
DATABASES = (SQLITE, POSTGRESQL)

# Who is killed with SIGKILL.
CONFIG_WORKER = "config_service worker"
CONFIG_MASTER = "config_service master"  # alone: its workers have to notice
CONFIG_ALL = "config_service, all of it"
WEBHOOK_WORKER = "webhook_service worker"
WEBHOOK_MASTER = "webhook_service master"
WEBHOOK_ALL = "webhook_service, all of it"
COURIER = "SNS's deliveries"
BACKEND = "PostgreSQL backend"
VICTIMS = (
    CONFIG_WORKER,
    CONFIG_MASTER,
    CONFIG_ALL,
    WEBHOOK_WORKER,
    WEBHOOK_MASTER,
    WEBHOOK_ALL,
    COURIER,
)

# What else goes wrong.
RESTART = "PostgreSQL restart"
CUT_SNS = "cut: SNS - webhook_service"
CUT_INTERNAL = "cut: webhook_service - config_service"
CUT_DATABASE = "cut: config_service - PostgreSQL"
SWALLOW_SNS = "answers lost: webhook_service - SNS"
SWALLOW_INTERNAL = "answers lost: config_service - webhook_service"
SWALLOW_DATABASE = "answers lost: PostgreSQL - config_service"
DISK_FULL = "disk full (RLIMIT_FSIZE)"
DATABASE_FULL = "database full (max_page_count)"
FILLING = (DISK_FULL, DATABASE_FULL)
CLOCK = "clock step"
_COMMON = (CUT_SNS, CUT_INTERNAL, SWALLOW_SNS, SWALLOW_INTERNAL, DISK_FULL)
_OTHERS = {
    SQLITE: (*_COMMON, DATABASE_FULL),
    POSTGRESQL: (*_COMMON, RESTART, CUT_DATABASE, SWALLOW_DATABASE),
}

_KILLS_TO_OTHERS = 2  # how many kills there are to one other fault, once each kind has had its turn
_CLOCK_STEPS = (-2 * 86_400, -3_600, -90, 90, 3_600, 2 * 86_400)  # seconds off the true time


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong once `after` publications are out; `choice` picks among equals."""

    after: int
    kind: str
    choice: int = 0

    @property
    def waits(self) -> bool:
        """Whether it lets what was struck before recover: three in four do, and full disks."""
        return self.choice % 4 != 0 or self.kind in FILLING

    @property
    def kills(self) -> bool:
        """Whether it is a SIGKILL."""
        return self.kind in VICTIMS or self.kind == BACKEND


def faults(seed: int, database: str, kills: int, apart: int, *, clock: bool) -> list[Fault]:
    """Return `kills` kills with other faults between them, about `apart` publications from each other."""
    chance = Random(f"faults {seed} {database}")
    victims = VICTIMS + ((BACKEND,) if database == POSTGRESQL else ())
    kinds = _OTHERS[database] + ((CLOCK,) if clock else ())
    others = max(len(kinds), kills // _KILLS_TO_OTHERS)
    chosen = [*islice(_dealt(chance, victims), kills), *islice(_dealt(chance, kinds), others)]
    chance.shuffle(chosen)
    planned, after = [], apart
    for kind in chosen:
        step = chance.choice(_CLOCK_STEPS) if kind == CLOCK else chance.randrange(1000)
        planned.append(Fault(after, kind, step))
        after += chance.randrange(apart // 2, apart + apart // 2 + 1)
    return planned


def _dealt(chance: Random, kinds: Sequence[str]) -> Iterator[str]:
    """Deal a shuffled pack of all kinds, then another one: each kind comes about as often as the others."""
    while True:
        pack = list(kinds)
        chance.shuffle(pack)
        yield from pack
