"""Whose event is it? Mapped by what is known, never guessed; what cannot be mapped is held.

Runs in the transaction that records, so that a stale answer never does harm.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from config_service.services.known_lookups import KnownClinics, KnownSends, remembered
from config_service.services.public_mail_domains import PUBLIC_MAIL_DOMAINS
from config_service.storage.clinics import ADDRESS, TOPIC, ClinicRepository
from config_service.storage.test_sends import TestSendRepository
from shared.addresses import domain_of

RULE_TOPIC = "topic"
RULE_MESSAGE = "message"
RULE_TAG = "tag"
RULE_SOURCE = "source"
RULE_PLATFORM = "platform"
RULE_DOMAIN = "domain"
RULE_ASSIGNED = "assigned"

HELD_UNKNOWN_TOPIC = "unknown_topic"
HELD_FOREIGN_SOURCE = "source_of_another_clinic"
HELD_CONTESTED_TOPIC = "topic_of_several_clinics"
HELD_UNKNOWN_SOURCE = "unknown_source"
HELD_UNREADABLE = "unreadable"

SendsThroughPlatform = Callable[[str], bool]


class Question(Struct, frozen=True):
    """What an event says about where it comes from. Addresses are in their comparable form."""

    topic_arn: str
    source: str | None
    mail_message_id: str | None
    clinic_tag: str | None


class Mapping(Struct, frozen=True):
    """A clinic (None is the platform), or held; `rule` says by what, or why not."""

    rule: str
    clinic_id: str | None = None
    held: bool = False


class ClinicMapping(Struct, frozen=True):
    """Finds the clinic of an event, by the first rule that gives an answer."""

    clinics: ClinicRepository | KnownClinics
    test_sends: TestSendRepository | KnownSends
    shared_topics: frozenset[str]
    platform_address: str | None
    sends_through_platform: SendsThroughPlatform

    def find_all(self, questions: Sequence[Question]) -> list[Mapping]:
        """Return the same as `find` for each of several events, out of few queries for all of them."""
        assert isinstance(self.clinics, ClinicRepository)
        assert isinstance(self.test_sends, TestSendRepository)
        sources = {question.source for question in questions if question.source}
        topics = {question.topic_arn for question in questions} - self.shared_topics
        messages = {question.mail_message_id for question in questions if question.mail_message_id}
        knowing = replace(
            self,
            clinics=KnownClinics(self.clinics, sources | topics),
            test_sends=KnownSends(self.test_sends, messages),
            sends_through_platform=remembered(self.sends_through_platform),
        )
        return [knowing.find(question) for question in questions]

    def find(self, question: Question) -> Mapping:
        """Return the clinic of an event, the platform, or why the event is held."""
        if question.topic_arn in self.shared_topics:
            return self._by_content(question)
        owners = self.clinics.owners_of(TOPIC, question.topic_arn)
        if not owners:
            return Mapping(HELD_UNKNOWN_TOPIC, held=True)
        if len(owners) == 1:
            return self._by_topic(question, next(iter(owners)))
        # Any of its owners may write to it, and so it is believed about its owners alone.
        found = self._by_content(question)
        return found if found.clinic_id in owners else Mapping(HELD_CONTESTED_TOPIC, held=True)

    def _by_topic(self, question: Question, owner: str) -> Mapping:
        source = question.source
        if source is not None:
            users = self.clinics.owners_of(ADDRESS, source) or self._domain_users(source)
            if users and owner not in users:
                return Mapping(HELD_FOREIGN_SOURCE, held=True)
        return Mapping(RULE_TOPIC, owner)

    def _by_content(self, question: Question) -> Mapping:
        for rule in (self._by_message, self._by_tag, self._by_source, self._by_platform, self._by_domain):
            if (found := rule(question)) is not None:
                return found
        return Mapping(HELD_UNKNOWN_SOURCE, held=True)

    def _by_message(self, question: Question) -> Mapping | None:
        if question.mail_message_id is None:
            return None
        send = self.test_sends.by_message_id(question.mail_message_id)
        return Mapping(RULE_MESSAGE, send.clinic_id) if send and send.source == question.source else None

    def _by_tag(self, question: Question) -> Mapping | None:
        clinic, source = question.clinic_tag, question.source
        if clinic is None or source is None:
            return None
        own = clinic in self.clinics.owners_of(ADDRESS, source)
        if own or (source == self.platform_address and self.sends_through_platform(clinic)):
            return Mapping(RULE_TAG, clinic)
        return None

    def _by_source(self, question: Question) -> Mapping | None:
        if question.source is None:
            return None
        owners = self.clinics.owners_of(ADDRESS, question.source)
        if len(owners) > 1:
            return Mapping(HELD_UNKNOWN_SOURCE, held=True)
        return self._claimed(question, Mapping(RULE_SOURCE, next(iter(owners)))) if owners else None

    def _by_platform(self, question: Question) -> Mapping | None:
        if question.source is None or question.source != self.platform_address:
            return None
        return Mapping(RULE_PLATFORM)

    def _by_domain(self, question: Question) -> Mapping | None:
        users = self._domain_users(question.source) if question.source else set()
        return self._claimed(question, Mapping(RULE_DOMAIN, users.pop())) if len(users) == 1 else None

    def _claimed(self, question: Question, found: Mapping) -> Mapping:
        """Hold what names another clinic, where only the clinic's own administrator says that it is theirs.

        Else an address that no clinic had stored yet could be claimed for the reports of those who mail
        from it.
        """
        assert found.clinic_id is not None
        tag, source = question.clinic_tag, question.source
        if tag is None or tag == found.clinic_id or source is None or not self.clinics.exists(tag):
            return found
        unproven = self.clinics.unproven(found.clinic_id)
        used = {user.value for user in self.clinics.users_of_domain(domain_of(source))}
        proven = source not in unproven if found.rule == RULE_SOURCE else bool(used - unproven)
        return found if proven else Mapping(HELD_FOREIGN_SOURCE, held=True)

    def _domain_users(self, source: str) -> set[str]:
        """The clinics that use the source's domain, where a domain says whose an address is."""
        domain = domain_of(source)
        if domain in PUBLIC_MAIL_DOMAINS:
            return set()
        if self.platform_address is not None and domain == domain_of(self.platform_address):
            return set()
        return {identity.clinic_id for identity in self.clinics.users_of_domain(domain)}
