"""What this service knows by itself about the target: read at once, before AWS and DNS are asked."""

from collections import Counter
from dataclasses import dataclass, field

from config_service.clock import Clock
from config_service.encryption import key_id_of
from config_service.services.doctor.target import Target
from config_service.services.ses_entries import SES
from config_service.storage.activity import Activity
from config_service.storage.clinics import ADDRESS
from config_service.storage.records import TestSendRecord
from config_service.storage.repositories import Repositories


@dataclass(frozen=True, slots=True)
class LocalFacts:
    """Facts out of the settings and the database; times are ms.

    `heard_at` is when the newest event happened: the clinic's where it has an account of its own, else the
    topics'. `test_heard` says whether anything was reported about the last test email. `held` counts the
    events that wait and name the target.
    """

    now: int
    shared_topics: tuple[str, ...] = ()
    allow_http: bool = False
    heard_at: int | None = None
    last_test: TestSendRecord | None = None
    test_heard: bool = False
    held: int = 0
    held_since: int | None = None
    sender_is_others: bool = False
    sender_unproven: bool = False
    sealing_key: str = ""
    sealed_by_key: dict[str, int] = field(default_factory=dict)


class LocalSources:
    """Reads them."""

    def __init__(
        self,
        repositories: Repositories,
        clock: Clock,
        shared_topics: tuple[str, ...],
        platform_address: str | None,
        sealing_key: str,
        *,
        allow_http: bool,
    ) -> None:
        """Take the database, the platform's settings and the id of the key that seals now."""
        self._repositories = repositories
        self._activity = Activity(repositories.database)
        self._clock = clock
        self._shared_topics = shared_topics
        self._platform_address = platform_address
        self._sealing_key = sealing_key
        self._allow_http = allow_http

    def of(self, target: Target) -> LocalFacts:
        """Return what is known about the target."""
        held, since = self._held(target)
        test = self._activity.last_test(target.clinic_id, SES) if target.clinic_id else None
        return LocalFacts(
            now=self._clock(),
            shared_topics=self._shared_topics,
            allow_http=self._allow_http,
            heard_at=self._heard_at(target),
            last_test=test,
            test_heard=bool(test and test.message_id and self._heard(test.message_id)),
            held=held,
            held_since=since,
            sender_is_others=self._is_others(target),
            sender_unproven=self._is_unproven(target),
            sealing_key=self._sealing_key,
            sealed_by_key=dict(Counter(map(key_id_of, target.sealed_values))),
        )

    def _heard_at(self, target: Target) -> int | None:
        if target.clinic_id and target.own_account:
            return self._activity.newest_of_clinic(target.clinic_id)
        topics = (target.topic_arn,) if target.topic_arn else self._shared_topics
        return self._activity.newest_of_topics(topics)

    def _heard(self, message_id: str) -> bool:
        repositories = self._repositories
        return bool(repositories.events.of_message(message_id) or repositories.held.of_message(message_id, 1))

    def _held(self, target: Target) -> tuple[int, int | None]:
        if target.clinic_id is None:
            return self._activity.held_at_all()
        return self._activity.held_of([each for each in (target.sender, target.topic_arn) if each])

    def _is_others(self, target: Target) -> bool:
        if target.clinic_id is None or target.sender is None:
            return False
        owners = self._repositories.clinics.owners_of(ADDRESS, target.sender)
        own = target.own_account and target.sender == self._platform_address
        return own or bool(owners - {target.clinic_id})

    def _is_unproven(self, target: Target) -> bool:
        if target.clinic_id is None or target.sender is None:
            return False
        return target.sender in self._repositories.clinics.unproven(target.clinic_id)
