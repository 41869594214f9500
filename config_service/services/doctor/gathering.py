"""Brings together what an examination needs: the target's account, its topic's, the DNS, and our database."""

from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from config_service.providers.aws_health.account_health import AccountHealth
from config_service.providers.aws_setup.account_resources import AccountResources
from config_service.providers.aws_setup.accounts import SetupAccounts
from config_service.providers.dns.policies import MailPolicies
from config_service.providers.dns.resolver import DnsRecords
from config_service.providers.webhook_reach import WebhookReach
from config_service.services.doctor.absent import Absent
from config_service.services.doctor.domain_facts import DomainFacts
from config_service.services.doctor.facts import Facts, Sampler
from config_service.services.doctor.local_facts import LocalSources
from config_service.services.doctor.target import Target, platform_target
from config_service.services.doctor.topic_facts import TopicFacts
from config_service.services.doctor.unseen import UnseenError
from shared.errors import ServiceError


@dataclass(frozen=True, slots=True)
class PlatformNames:
    """What the settings say of the platform's own account."""

    region: str | None
    sender: str | None
    access_key_id: str | None


@dataclass(frozen=True, slots=True)
class Gathering:
    """Gathers facts; what cannot be connected to raises only once a check asks it."""

    accounts: SetupAccounts
    names: PlatformNames
    local: LocalSources
    records: DnsRecords
    reach: WebhookReach
    sampler: Sampler

    def platform(self) -> Target:
        """Return the platform's own account as a target."""
        region = self.names.region
        with suppress(ServiceError):  # the check of the credentials says it
            region = self.accounts.platform().account.region
        return platform_target(region, self.names.sender, self.names.access_key_id)

    def facts(self, target: Target) -> Facts:
        """Return the facts of an examination; the database is asked here, in the caller's thread."""
        local = self.local.of(target)
        account, health = self._connected(target)
        return Facts(
            target=target,
            local=local,
            account=account,
            health=health,
            topics=TopicFacts(account, self.accounts.platform, self.reach.look),
            domain=DomainFacts(self.records, MailPolicies(self.records)),
            sampler=self.sampler,
        )

    def _connected(self, target: Target) -> tuple[AccountResources, AccountHealth]:
        try:
            account = self._account(target)
            health = AccountHealth(account.account)
            health.prepare()
        except ServiceError as error:
            absent = Absent(error)
            return cast("AccountResources", absent), cast("AccountHealth", absent)
        return account, health

    def _account(self, target: Target) -> AccountResources:
        if target.clinic_id is None:
            return self.accounts.platform()
        if target.unopened:
            raise UnseenError("The stored credentials do not open.")
        return self.accounts.of_clinic(target.clinic_id, target.external_id, target.credentials)
