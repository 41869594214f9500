"""Fill a database with clinics, suppressions and the bounces behind them, as years of use would.

Addresses are hashed and sealed for real, under the services' own keys; everything else follows from the row's
number, so that two runs hold the same lists. The indexes stay in place while the rows go in: an index that is
built at the end is packed full, and the first inserts behind it would pay for splitting its pages.
"""

import json
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from config_service.encryption import AddressHasher, CredentialCipher, NamedKey
from config_service.services.addresses import AddressVault
from config_service.services.arrivals import DETAIL

CREDENTIALS_KEYS = (NamedKey("k1", b"c" * 32),)
HASH_KEYS = (NamedKey("h1", b"h" * 32),)
TOPIC = "arn:aws:sns:us-east-1:123456789012:healthcare-ses-events"
DIAGNOSIS = "smtp; 550 5.1.1 the email account that you tried to reach does not exist"
BIG = 0  # the number of the clinic that holds half of all rows

CLINIC_COLUMNS = ("id", "settings", "external_id", "created_at", "updated_at")
EVENT_COLUMNS = (
    *("sns_message_id", "topic_arn", "kind", "at", "received_at", "source", "mail_message_id"),
    *("recipient_hash", "recipient_sealed", "bounce_type", "sub_type", "status", "detail_sealed"),
    *("rule", "clinic_id", "effect", "identity"),
)
SUPPRESSION_COLUMNS = ("id", "clinic_id", "address_hash", "address_sealed", "reason", "since")

Row = tuple[object, ...]
_SEED = 20_260_101
_FIRST = 1_704_067_200_000  # 2024-01-01, in ms
_SPAN = 63_072_000_000  # two years, in ms
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of one table."""

    table: str
    columns: Sequence[str]
    rows: list[Row]


@dataclass(frozen=True)
class Population:
    """So many suppressions of so many clinics; the first clinic holds half of them."""

    rows: int
    clinics: int
    vault: AddressVault = field(
        default_factory=lambda: AddressVault(CredentialCipher(CREDENTIALS_KEYS), AddressHasher(HASH_KEYS))
    )

    def address(self, number: int) -> str:
        """Return the address of a row, or beyond the last one that of nobody yet."""
        return f"patient{number:07d}@mail-{number % 97}.example"

    def clinic_of(self, number: int) -> str:
        """Return the clinic on whose list a row is."""
        return clinic_id(BIG if number % 2 == 0 else 1 + number // 2 % (self.clinics - 1))

    def time_of(self, number: int) -> int:
        """Return since when a row is there, in ms."""
        return _FIRST + number * _SPAN // self.rows

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows, some thousand at a time: clinics, then events and entries, the oldest first."""
        yield Chunk("clinics", CLINIC_COLUMNS, [_clinic(number) for number in range(self.clinics)])
        rng = random.Random(_SEED)
        details = [self.vault.seal_text(DIAGNOSIS, DETAIL) for _ in range(100)]
        both = (self._event_and_entry(number, rng, details) for number in range(self.rows))
        while some := list(islice(both, _CHUNK)):
            yield Chunk("events", EVENT_COLUMNS, [event for event, _ in some])
            yield Chunk("suppressions", SUPPRESSION_COLUMNS, [entry for _, entry in some])

    def _event_and_entry(self, number: int, rng: random.Random, details: list[str | None]) -> tuple[Row, Row]:
        stored, clinic = self.vault.store(self.address(number)), self.clinic_of(number)
        at = self.time_of(number)
        mail = f"0100{at:012x}-{_uuid(rng)}-000000"  # SES's ids begin with the time
        arrival = (_uuid(rng), TOPIC, "Bounce", at, at + 900, source_of(clinic), mail)
        recipient = (stored.hash, stored.sealed, "Permanent", "General", "5.1.1", details[number % 100])
        event = (*arrival, *recipient, "source", clinic, "permanent", "Bounce/permanent")
        entry = (f"{rng.getrandbits(128):032x}", clinic, stored.hash, stored.sealed, "hard_bounce", at)
        return event, entry


def clinic_id(number: int) -> str:
    """Return the id of a clinic."""
    return f"clinic-{number:05d}"


def source_of(clinic: str) -> str:
    """Return the address that a clinic sends from."""
    return f"noreply@{clinic}.example"


def _clinic(number: int) -> Row:
    clinic = clinic_id(number)
    credentials = {"region": "us-east-1", "fromEmail": source_of(clinic), "fromName": "A clinic"}
    entry = {"provider": "aws_ses", "enabled": True, "credentials": credentials, "priority": 1}
    email = {"primary": entry, "defaultFrom": None}
    settings = {"communicationSettings": {"email": email, "whatsapp": {}, "sms": {}}}
    return (clinic, json.dumps(settings), uuid.UUID(int=number).hex, _FIRST, _FIRST)


def _uuid(rng: random.Random) -> str:
    text = f"{rng.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
