"""One database under measurement: the real services over it, and the questions that are put to them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from benchmarks.seeding import (
    BIG,
    CREDENTIALS_KEYS,
    DIAGNOSIS,
    HASH_KEYS,
    TOPIC,
    Population,
    clinic_id,
    source_of,
)
from config_service import create_app
from config_service.providers.base import EmailProvider
from config_service.services.clinic_mapping import ClinicMapping, Question
from config_service.services.services import Services
from config_service.settings import ConfigSettings, JwtSettings, PlatformSettings
from shared.internal_api import FeedbackEvent
from shared.ses import SesEvent

_SUPPRESSED_SHARE = 10  # one in so many addresses of a bulk check is on the list
CHECKED = 1000  # addresses in a bulk check


class _NoProviders:
    """Stands for the accounts that mail goes through: nothing is sent here."""

    def for_clinic(
        self, clinic_id: str, external_id: str, provider: str, credentials: Mapping[str, Any]
    ) -> EmailProvider:
        raise NotImplementedError

    def platform(self) -> EmailProvider | None:
        return None

    def forget(self, clinic_id: str) -> None:
        pass


@dataclass
class Subject:
    """A filled database with the services over it."""

    population: Population
    app: Flask
    mapping: ClinicMapping
    rng: random.Random
    recorded: int = 0

    @property
    def services(self) -> Services:
        """The use cases over the database."""
        services: Services = self.app.extensions["config_service"]
        return services

    @property
    def big_clinic(self) -> str:
        """The clinic that holds half of all rows."""
        return clinic_id(BIG)

    def present(self) -> tuple[str, str]:
        """Return the clinic and the address of a random row."""
        number = self.rng.randrange(self.population.rows)
        return self.population.clinic_of(number), self.population.address(number)

    def absent(self) -> tuple[str, str]:
        """Return a random clinic and an address that no list holds."""
        number = self.rng.randrange(20_000_000, 30_000_000)
        return self.population.clinic_of(number), self.population.address(number)

    def many(self) -> list[str]:
        """Return a thousand addresses, some of them on the big clinic's list, in no order."""
        wanted = CHECKED // _SUPPRESSED_SHARE
        numbers = [2 * number for number in self.rng.sample(range(self.population.rows // 2), wanted)]
        numbers += self.rng.sample(range(20_000_000, 30_000_000), CHECKED - wanted)
        self.rng.shuffle(numbers)
        return [self.population.address(number) for number in numbers]

    def question(self) -> Question:
        """Return what the mapping is asked about an event of a random clinic."""
        clinic = clinic_id(self.rng.randrange(self.population.clinics))
        return Question(TOPIC, source_of(clinic), f"0100-{self.rng.getrandbits(128):032x}", None)

    def bounce(self) -> FeedbackEvent:
        """Return a permanent bounce of an address that has had none."""
        number = 10_000_000 + self.recorded
        self.recorded += 1
        event = SesEvent(
            kind="Bounce",
            at=datetime.now(UTC),
            recipient=self.population.address(number),
            source=source_of(clinic_id(self.rng.randrange(self.population.clinics))),
            mail_message_id=f"0100{number:012x}-{self.rng.getrandbits(64):016x}-000000",
            bounce_type="Permanent",
            sub_type="General",
            status="5.1.1",
            detail=DIAGNOSIS,
        )
        return FeedbackEvent(f"{self.rng.getrandbits(128):032x}", TOPIC, event)

    def close(self) -> None:
        """Close the database."""
        self.services.repositories.database.close()


def open_subject(population: Population, url: str) -> Subject:
    """Return the services over a filled database."""
    app = create_app(_settings(url), providers=_NoProviders(), sweeping=False)
    repositories = app.extensions["config_service"].repositories
    mapping = ClinicMapping(
        repositories.clinics, repositories.test_sends, frozenset([TOPIC]), None, lambda _: False
    )
    return Subject(population, app, mapping, random.Random(population.rows))


def _settings(url: str) -> ConfigSettings:
    return ConfigSettings(
        production=False,
        log_level="WARNING",
        shared_topic_arns=(TOPIC,),
        database_url=url,
        credentials_keys=CREDENTIALS_KEYS,
        address_hash_keys=HASH_KEYS,
        jwt=JwtSettings(secret="the secret of a benchmark that nobody signs with"),  # noqa: S106 - as above
        internal_tokens=(),
        platform=PlatformSettings(),
    )
