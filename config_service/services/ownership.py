"""An address, a domain and a topic belong to one clinic: who may write down what another one uses."""

from collections.abc import Iterable
from dataclasses import dataclass

from config_service.errors import ConflictError
from config_service.services.channels import ChannelSettings
from config_service.services.principal import Principal
from config_service.services.public_mail_domains import PUBLIC_MAIL_DOMAINS
from config_service.storage.clinics import ADDRESS, ROLE, TOPIC, ClinicRepository
from shared.addresses import domain_of, normalise


@dataclass(frozen=True, slots=True)
class Claims:
    """The addresses (in comparable form), topics and roles that a clinic's email settings hold."""

    addresses: frozenset[str]
    topics: frozenset[str]
    roles: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Warning_:  # noqa: N801 - `Warning` is Python's own
    """What a SUPER_ADMIN was let do, and what follows from it."""

    code: str
    message: str


def claims_of(email: ChannelSettings) -> Claims:
    """Return what a clinic's email settings claim."""
    credentials = [entry.credentials for entry in email.entries()]
    addresses = [email.default_from, *(found.get("fromEmail") for found in credentials)]
    return Claims(
        frozenset(found for found in map(normalise, addresses) if found),
        _texts(found.get("snsTopicArn") for found in credentials),
        _texts(found.get("roleArn") for found in credentials),
    )


def _texts(values: Iterable[object]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str) and value)


class Ownership:
    """Compares what a clinic newly claims with what others and the platform use."""

    def __init__(
        self, clinics: ClinicRepository, shared_topics: frozenset[str], platform_address: str | None
    ) -> None:
        """Take the clinics, and the platform's own topics and address."""
        self._clinics = clinics
        self._shared_topics = shared_topics
        self._platform_address = platform_address

    def check(self, clinic_id: str, before: Claims, after: Claims, actor: Principal) -> list[Warning_]:
        """Return warnings for a SUPER_ADMIN; raise ConflictError, naming nobody, for anybody else."""
        warnings = [
            *self._addresses(clinic_id, before, after.addresses - before.addresses),
            *self._topics(clinic_id, after.topics - before.topics),
            *self._roles(clinic_id, after.roles - before.roles),
        ]
        if warnings and not actor.is_super_admin:
            raise ConflictError(
                warnings[0].message,
                code=warnings[0].code,
                hint="Use an address, domain or topic of the clinic's own, or ask the platform's operator.",
            )
        return warnings

    def _addresses(self, clinic_id: str, before: Claims, new: Iterable[str]) -> Iterable[Warning_]:
        own_domains = {domain_of(address) for address in before.addresses}
        for address in sorted(new):
            domain = domain_of(address)
            others = self._clinics.owners_of(ADDRESS, address) - {clinic_id}
            if others or address == self._platform_address:
                yield Warning_(
                    "address_in_use", f"{address} is in use as a sender elsewhere on the platform."
                )
            elif self._is_platforms(domain) or (
                domain not in own_domains and self._domain_in_use(clinic_id, domain)
            ):
                yield Warning_("domain_in_use", f"The domain {domain} is in use elsewhere on the platform.")

    def _is_platforms(self, domain: str) -> bool:
        """Whether the platform mails from it: its addresses are its own to give out, one by one."""
        platform = self._platform_address
        return platform is not None and domain == domain_of(platform) and domain not in PUBLIC_MAIL_DOMAINS

    def _domain_in_use(self, clinic_id: str, domain: str) -> bool:
        if domain in PUBLIC_MAIL_DOMAINS:
            return False
        return any(user.clinic_id != clinic_id for user in self._clinics.users_of_domain(domain))

    def _topics(self, clinic_id: str, new: Iterable[str]) -> Iterable[Warning_]:
        for topic in sorted(new):
            if topic in self._shared_topics or self._clinics.owners_of(TOPIC, topic) - {clinic_id}:
                yield Warning_("topic_in_use", f"The topic {topic} is in use elsewhere on the platform.")

    def _roles(self, clinic_id: str, new: Iterable[str]) -> Iterable[Warning_]:
        """A role whose trust policy asks for no external id would let any clinic send as its owner."""
        platform_accounts = {topic.split(":")[4] for topic in self._shared_topics}
        for role in sorted(new):
            if role.split(":")[4] in platform_accounts or self._clinics.owners_of(ROLE, role) - {clinic_id}:
                yield Warning_("role_in_use", f"The role {role} is in use elsewhere on the platform.")
