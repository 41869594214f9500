"""What SNS publishes in a run: events of several clinics, some twice, in no order, the same for one seed."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from chaos import documents as ses
from chaos.clinics import CLINICS, OWN_TOPIC, SCOPES, WITHOUT_DELIVERIES, address_of, topic_of
from chaos.documents import EVENT, NOTIFICATION, Mail, document

# What becomes of a mail to each sort of mailbox: fates and their weights.
_MAILBOXES: tuple[tuple[int, dict[str, int]], ...] = (
    (45, {ses.DELIVERED: 85, ses.SOFT: 10, ses.OPENED: 5}),
    (25, {ses.SOFT: 75, ses.DELIVERED: 15, ses.TOO_LARGE: 10}),
    (15, {ses.DELIVERED: 40, ses.SOFT: 20, ses.PERMANENT: 25, ses.NO_SUCH_MAILBOX: 15}),
    (8, {ses.DELIVERED: 70, ses.COMPLAINED: 15, ses.NOT_SPAM: 15}),
    (7, {ses.DELIVERED: 50, ses.AWAY: 50}),
)
_MAILS_A_MAILBOX = 10
_FEWEST_MAILBOXES = 6
_SENT_AGAIN, _SPELT_TWICE, _FOREIGN, _SEVERAL = 0.04, 0.06, 0.005, 0.1  # shares of the mails
_DISORDER = 300  # publications by which one may come before or after its turn
_DAYS = 70
# An entry for soft bounces ends after 30 days: none may end while a run of some hours' age is checked.
_NOTHING_BETWEEN = (28.5, 31.5)


@dataclass(frozen=True, slots=True)
class Publication:
    """One message that SNS is to deliver."""

    message_id: str
    topic_arn: str
    text: str


def publications(seed: int, count: int, today: datetime) -> list[Publication]:
    """Return about `count` publications about the 70 days before `today`, in the order of publishing."""
    chance = Random(f"story {seed}")
    mailboxes = max(_FEWEST_MAILBOXES, count // (len(SCOPES) * _MAILS_A_MAILBOX))
    first = [_published(chance, _seen(chance, scope, today), scope) for scope in SCOPES]
    placed = [(-1.0, publication) for publication in first]
    while len(placed) < count:
        placed += _around(chance, len(placed), list(_mail(chance, seed, mailboxes, today)))
    placed.sort(key=lambda each: each[0])
    return [publication for _, publication in placed]


def mailbox(number: int) -> str:
    """Return a patient's address; several clinics may know the same patient."""
    return f"patient.{number}@mailbox-{number % 7}.example"


def _seen(chance: Random, scope: str | None, today: datetime) -> Mail:
    """A delivery of an hour ago: each clinic's deliveries are seen or, of one clinic, never."""
    fate = ses.OPENED if scope == WITHOUT_DELIVERIES else ses.DELIVERED
    at = today - timedelta(hours=1)
    return Mail(_mail_id(chance), address_of(scope), ("first@mailbox.example",), fate, at)


def _mail(chance: Random, seed: int, mailboxes: int, today: datetime) -> Iterator[Publication]:
    """One mail's publications: mostly one."""
    scope = chance.choice(SCOPES)
    number = chance.randrange(mailboxes)
    weights = _weights(seed, scope, number)
    fate = chance.choices(list(weights), list(weights.values()))[0]
    if scope == WITHOUT_DELIVERIES and fate == ses.DELIVERED:
        fate = ses.OPENED
    recipients = [mailbox(number)]
    if chance.random() < _SEVERAL and fate == ses.DELIVERED:
        recipients += [mailbox(other) for other in chance.sample(range(mailboxes), 2) if other != number]
    spelt = [_spelt(chance, recipient) for recipient in recipients]
    mail = Mail(_mail_id(chance), address_of(scope), tuple(spelt), fate, _moment(chance, today))
    foreign = chance.random() < _FOREIGN and scope in CLINICS
    published = _published(chance, mail, scope, OWN_TOPIC if foreign else None)
    yield published
    if chance.random() < _SENT_AGAIN:
        yield published
    if chance.random() < _SPELT_TWICE:
        yield _published(chance, mail, scope, OWN_TOPIC if foreign else None)


def _weights(seed: int, scope: str | None, number: int) -> dict[str, int]:
    shares = [share for share, _ in _MAILBOXES]
    own = Random(f"mailbox {seed} {scope} {number}")
    return own.choices([weights for _, weights in _MAILBOXES], shares)[0]


def _around(chance: Random, place: int, several: Sequence[Publication]) -> list[tuple[float, Publication]]:
    return [(place + chance.uniform(0, _DISORDER), publication) for publication in several]


def _published(chance: Random, mail: Mail, scope: str | None, topic: str | None = None) -> Publication:
    spelling = chance.choice((NOTIFICATION, EVENT)) if mail.fate != ses.OPENED else EVENT
    return Publication(_uuid(chance), topic or topic_of(scope), document(mail, spelling))


def _spelt(chance: Random, address: str) -> str:
    return chance.choice((address, address, address.upper(), f'"A. Patient" <{address}>'))


def _moment(chance: Random, today: datetime) -> datetime:
    while True:
        days = chance.uniform(0.1, _DAYS)
        if not _NOTHING_BETWEEN[0] < days < _NOTHING_BETWEEN[1]:
            return today - timedelta(milliseconds=round(days * 86_400_000))


def _mail_id(chance: Random) -> str:
    return f"0100{chance.getrandbits(48):012x}-{_uuid(chance)}-000000"


def _uuid(chance: Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
